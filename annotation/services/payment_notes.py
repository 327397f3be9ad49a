"""What a provider said of payments, without whom it spoke of: the ledger is by pseudonym."""

from django.db.models import QuerySet

from annotation.models import Identity, Payment, Visit

SHORTEST = 4  # a shorter id would be found inside ordinary words


def without_ids(note: str, payments: QuerySet[Payment]) -> str:
    """The note with the panel's ids of these payments' people and visits taken out."""
    if not note:
        return note
    visits = Visit.objects.filter(pk__in=payments.values("visit_id")).values_list("external_id", flat=True)
    people = Identity.objects.filter(annotator__participations__in=payments.values("participation_id"))
    for name in {*visits, *people.values_list("panel_id", flat=True)}:
        if len(name) >= SHORTEST:
            note = note.replace(name, "...")
    return note
