"""Django admin of collecting: for superusers only, and only for looking where rules are kept by services.

Identity is not registered: it is the one table that knows who a pseudonym is, and nobody should come upon it while
looking for something else. Whoever must look there does so on purpose, in the database.
"""

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import Group, User
from django.db.models import ManyToManyField
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from rest_framework.authtoken.models import TokenProxy

from annotation.models import (
    Annotator,
    Assignment,
    ConsentText,
    Membership,
    Participation,
    Response,
    ResponseRevision,
    SnapshotRecord,
    Stimulus,
    Study,
)


def only_superusers(request: HttpRequest) -> bool:
    return bool(request.user.is_active and request.user.is_superuser)


# staff accounts may exist for other reasons; they have no business in here
admin.site.has_permission = only_superusers  # type: ignore[method-assign]
admin.site.site_header = admin.site.site_title = "Commonground"


class ReadOnly(admin.ModelAdmin):  # type: ignore[type-arg]
    """Rows that only services may change: triggers, counters and revisions hang on them."""

    show_full_result_count = False  # counting half a million rows to say '1 of 526,749' is not worth it

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


admin.site.unregister([User, Group, TokenProxy])


@admin.register(User)
class AccountAdmin(UserAdmin):  # type: ignore[type-arg]
    """What an account is allowed hangs on studies, on its groups and on being an admin; never on single permissions."""

    fieldsets = [
        (None, {"fields": ["username", "password"]}),
        (_("The person"), {"fields": ["first_name", "last_name", "email"]}),
        (_("What the account may do"), {"fields": ["is_active", "is_staff", "is_superuser", "groups"]}),
        (_("When"), {"fields": ["last_login", "date_joined"]}),
    ]
    readonly_fields = ["last_login", "date_joined"]
    filter_horizontal = []
    formfield_overrides = {ManyToManyField: {"widget": forms.CheckboxSelectMultiple}}


@admin.register(Group)
class GroupAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    fields = ["name"]


@admin.register(TokenProxy)
class TokenAdmin(ReadOnly):
    """Who has a token, and the way to take it back; the token itself is its owner's secret."""

    list_display = ["user", "created"]
    fields = ["user", "created"]
    list_select_related = ["user"]

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return True


class MembershipInline(admin.StackedInline):  # type: ignore[type-arg]
    model = Membership
    extra = 0
    raw_id_fields = ["user"]


READ_ONLY_OF_STUDY = [
    "slug", "template", "steps", "wanted_responses", "lease_seconds", "order", "counterbalance_options", "entry",
    "instructions", "consent", "state", "care", "training", "limits", "top_up", "machine_texts", "languages",
    "created_by", "created_at", "opened_at",
]  # fmt: skip


@admin.register(Study)
class StudyAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ["title", "slug", "state", "template", "wanted_responses", "is_demo", "created_at"]
    list_filter = ["state", "template", "is_demo"]
    search_fields = ["title", "slug"]
    # all else is checked by services, moves other rows or has translations: it is changed on the study's own pages
    fields = ["title", "description", "completion_code", "is_demo", *READ_ONLY_OF_STUDY]
    readonly_fields = READ_ONLY_OF_STUDY
    inlines = [MembershipInline]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False


@admin.register(Membership)
class MembershipAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ["study", "user", "role"]
    list_filter = ["role"]
    raw_id_fields = ["study", "user"]
    list_select_related = ["study", "user"]


@admin.register(Stimulus)
class StimulusAdmin(ReadOnly):
    list_display = ["name", "study", "source_dataset", "wanted", "open_slots", "width", "height"]
    search_fields = ["name", "key"]
    list_select_related = ["study"]


@admin.register(Annotator)
class AnnotatorAdmin(ReadOnly):
    list_display = ["pseudonym", "is_simulated", "created_at"]
    list_filter = ["is_simulated"]
    search_fields = ["pseudonym"]


@admin.register(Participation)
class ParticipationAdmin(ReadOnly):
    list_display = ["annotator", "study", "n_answered", "n_skipped", "started_at", "withdrawn_at"]
    list_select_related = ["annotator", "study"]
    # with the code somebody could withdraw in another person's name
    exclude = ["withdrawal_code"]


@admin.register(Assignment)
class AssignmentAdmin(ReadOnly):
    list_display = ["id", "study", "stimulus", "participation", "state", "leased_at", "expires_at"]
    list_filter = ["state"]
    list_select_related = ["study", "stimulus", "participation"]


@admin.register(Response)
class ResponseAdmin(ReadOnly):
    list_display = ["id", "study", "stimulus", "label", "status", "is_simulated", "revision", "created_at"]
    list_filter = ["status", "is_simulated"]
    list_select_related = ["study", "stimulus"]


@admin.register(ResponseRevision)
class ResponseRevisionAdmin(ReadOnly):
    list_display = ["id", "response", "number", "label", "created_at"]


@admin.register(ConsentText)
class ConsentTextAdmin(ReadOnly):
    list_display = ["hash", "study", "created_at"]
    list_select_related = ["study"]


@admin.register(SnapshotRecord)
class SnapshotRecordAdmin(ReadOnly):
    list_display = ["snapshot_id", "study", "n_responses", "n_stimuli", "contains_withdrawn", "created_at"]
    list_select_related = ["study"]
