"""What the database keeps true: slots follow assignments, changes carry their transaction, deletions are seen."""

from django.db import migrations

SLOTS = """
-- A slot of a stimulus is held by its assignments in the states 'leased' and 'answered', by no others. One statement,
-- one update per stimulus: an import of many rows costs one pass. The check on open_slots refuses one too many.
-- Where one statement moves slots of several stimuli, their rows are locked in the order of their ids: two people who
-- withdraw at the same moment must not wait for each other in a circle.
create function annotation_slots_of_new() returns trigger language plpgsql as $$
begin
  with moves as (
    select stimulus_id, count(*) as n from new_rows where state in ('leased', 'answered') group by stimulus_id
  ), locked as materialized (
    select s.id, moves.n from annotation_stimulus s join moves on moves.stimulus_id = s.id
    order by s.id for no key update of s
  )
  update annotation_stimulus s set open_slots = s.open_slots - locked.n from locked where s.id = locked.id;
  return null;
end $$;
create function annotation_slots_of_changed() returns trigger language plpgsql as $$
begin
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
create function annotation_slots_of_old() returns trigger language plpgsql as $$
begin
  with moves as (
    select stimulus_id, count(*) as n from old_rows where state in ('leased', 'answered') group by stimulus_id
  ), locked as materialized (
    select s.id, moves.n from annotation_stimulus s join moves on moves.stimulus_id = s.id
    order by s.id for no key update of s
  )
  update annotation_stimulus s set open_slots = s.open_slots + locked.n from locked where s.id = locked.id;
  return null;
end $$;
create trigger slots_follow_new after insert on annotation_assignment
  referencing new table as new_rows for each statement execute function annotation_slots_of_new();
create trigger slots_follow_changed after update on annotation_assignment
  referencing old table as old_rows new table as new_rows for each statement
  execute function annotation_slots_of_changed();
create trigger slots_follow_old after delete on annotation_assignment
  referencing old table as old_rows for each statement execute function annotation_slots_of_old();
"""
NO_SLOTS = """
drop trigger slots_follow_new on annotation_assignment;
drop trigger slots_follow_changed on annotation_assignment;
drop trigger slots_follow_old on annotation_assignment;
drop function annotation_slots_of_new();
drop function annotation_slots_of_changed();
drop function annotation_slots_of_old();
"""

CHANGES = """
-- Whoever asks 'what changed since' needs the writing transaction, not a time or an id: those of a transaction that
-- commits late lie before the asker's mark, and would be skipped for ever.
create function annotation_stamp_response() returns trigger language plpgsql as $$
begin
  new.changed_xid := pg_current_xact_id()::text::bigint;
  return new;
end $$;
create trigger stamp_response before insert or update on annotation_response
  for each row execute function annotation_stamp_response();
create function annotation_bury_responses() returns trigger language plpgsql as $$
begin
  insert into annotation_responsetombstone (study_id, stimulus_id, changed_xid, created_at)
  select distinct study_id, stimulus_id, pg_current_xact_id()::text::bigint, now() from old_rows;
  return null;
end $$;
create trigger bury_responses after delete on annotation_response
  referencing old table as old_rows for each statement execute function annotation_bury_responses();
"""
NO_CHANGES = """
drop trigger stamp_response on annotation_response;
drop trigger bury_responses on annotation_response;
drop function annotation_stamp_response();
drop function annotation_bury_responses();
"""


class Migration(migrations.Migration):
    dependencies = [("annotation", "0001_initial")]

    operations = [
        migrations.RunSQL(SLOTS, NO_SLOTS),
        migrations.RunSQL(CHANGES, NO_CHANGES),
    ]
