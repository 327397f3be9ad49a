"""What one answer costs the database: one row goes through the rules without the machinery for many."""

import django.db.models.deletion
from django.db import migrations, models

RULES = """
create or replace function annotation_slots_of_new() returns trigger language plpgsql as $$
declare
  n bigint;
  n_holding bigint;
  the_study bigint;
  the_stimulus bigint;
  the_person bigint;
  n_wrong bigint;
begin
  select count(*), count(*) filter (where state in ('leased', 'answered')),
    min(study_id), min(stimulus_id), min(participation_id)
  from new_rows into n, n_holding, the_study, the_stimulus, the_person;
  if n = 0 then
    return null;
  end if;
  if n = 1 then
    -- the rule below for one row: what exists is locked, the person before the stimulus
    perform from annotation_participation where id = the_person and study_id + 0 = the_study for key share;
    if found and n_holding = 1 then
      update annotation_stimulus set open_slots = open_slots - 1 where id = the_stimulus and study_id + 0 = the_study;
    elsif found then
      perform from annotation_stimulus where id = the_stimulus and study_id + 0 = the_study for no key update;
    end if;
    n_wrong := case when found then 0 else 1 end;
  else
    with meant as materialized (
      select stimulus_id, study_id, count(*) filter (where state in ('leased', 'answered')) as n
      from new_rows group by stimulus_id, study_id
    ), people as materialized (
      select distinct participation_id, study_id from new_rows
    ), there as materialized (
      select p.id from annotation_participation p
      join people on people.participation_id = p.id and people.study_id = p.study_id
      order by p.id for key share of p
    ), locked as materialized (
      select s.id, meant.n from annotation_stimulus s
      join meant on meant.stimulus_id = s.id and meant.study_id = s.study_id
      order by s.id for no key update of s
    ), moved as (
      update annotation_stimulus s set open_slots = s.open_slots - locked.n from locked
      where s.id = locked.id and locked.n > 0
    )
    select (select count(*) from people) - (select count(*) from there)
      + (select count(*) from meant) - (select count(*) from locked) into n_wrong;
  end if;
  if n_wrong > 0 then
    raise foreign_key_violation using table = 'annotation_assignment',
      message = 'an assignment needs a stimulus and a participation of its study';
  end if;
  return null;
end $$;

create or replace function annotation_slots_of_changed() returns trigger language plpgsql as $$
begin
  -- an answer to a lease leaves the slot where it was, and so do most changes
  if not exists (
    select from new_rows n join old_rows o on o.id = n.id
    where (n.state in ('leased', 'answered')) <> (o.state in ('leased', 'answered'))
  ) then
    return null;
  end if;
  with moves as (
    select stimulus_id, sum(n) as n from (
      select stimulus_id, 1 as n from new_rows where state in ('leased', 'answered')
      union all
      select stimulus_id, -1 from old_rows where state in ('leased', 'answered')
    ) both_ways group by stimulus_id having sum(n) <> 0
  ), locked as materialized (
    select s.id, moves.n from annotation_stimulus s join moves on moves.stimulus_id = s.id
    order by s.id for no key update of s
  )
  update annotation_stimulus s set open_slots = s.open_slots - locked.n from locked where s.id = locked.id;
  return null;
end $$;
"""


class Migration(migrations.Migration):
    dependencies = [("annotation", "0012_explanation_pairs")]

    operations = [
        migrations.RunSQL(RULES, migrations.RunSQL.noop),  # the functions before these keep the same rules
        migrations.AlterField(
            "assignment",
            "participation",
            models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                to="annotation.participation",
                related_name="assignments",
                db_index=False,
                db_constraint=False,
            ),
        ),
        migrations.AddIndex(
            "assignment", models.Index(fields=["participation", "stimulus"], name="assignments_of_person")
        ),
    ]
