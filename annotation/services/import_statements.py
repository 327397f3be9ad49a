"""What an import of responses asks of the database: a few statements over all rows, in this order."""

# One row per version of an answer: rows that repeat the version before them say nothing new.
VERSIONS = """
    create temp table import_version on commit drop as
    select number, worker, item, label, answers,
      row_number() over (partition by worker, item order by number) - 1 as version,
      row_number() over (partition by worker, item order by number desc) = 1 as is_last
    from (
      select *, lag(answers) over (partition by worker, item order by number) as before from import_row
    ) as rows
    where before is null or before <> answers
"""
# Everything about a worker that her rows need.
PERSONS = """
    create temp table import_person on commit drop as
    select w.worker, p.id as participation_id, p.next_sequence, c.hash as consent_hash, n.is_simulated
    from import_worker w
    join annotation_annotator n on n.id = w.annotator_id
    join annotation_participation p on p.study_id = %(study)s and p.annotator_id = n.id
    join annotation_consenttext c on c.id = p.consent_id
"""
# One row per person and stimulus, with what the study has of it already.
PAIRS = """
    create temp table import_pair on commit drop as
    select v.worker, v.item, v.number, w.participation_id, w.next_sequence, i.stimulus_id,
      a.id as known_assignment_id, a.state as known_state, r.id as known_response_id,
      nextval(%(assignments)s::regclass) as assignment_id,
      nextval(%(responses)s::regclass) as response_id
    from (select worker, item, min(number) as number from import_version group by worker, item) v
    join import_item i on i.item = v.item
    join import_person w on w.worker = v.worker
    left join (select * from annotation_assignment where study_id = %(study)s) a
      on a.stimulus_id = i.stimulus_id and a.participation_id = w.participation_id
    left join annotation_response r on r.assignment_id = a.id
"""
ASSIGNMENTS = """
    insert into annotation_assignment
      (id, study_id, stimulus_id, participation_id, state, sequence, leased_at, expires_at, skip_reason)
    select assignment_id, %(study)s, stimulus_id, participation_id, 'answered',
      next_sequence - 1 + row_number() over (partition by worker order by number), %(now)s, %(now)s, ''
    from import_pair where known_assignment_id is null
    order by number
"""
RESPONSES = """
    insert into annotation_response
      (id, assignment_id, study_id, stimulus_id, participation_id, client_key, status, answers, label, options_shown,
       sequence, signals, language, device, theme, consent_hash, is_simulated, revision, revision_key, created_at,
       updated_at, changed_xid)
    select p.response_id, p.assignment_id, %(study)s, p.stimulus_id, p.participation_id, gen_random_uuid(), 'accepted',
      v.answers, v.label, '{}'::jsonb,
      p.next_sequence - 1 + row_number() over (partition by p.worker order by p.number),
      '{}'::jsonb, %(language)s, '', '', w.consent_hash, w.is_simulated, v.version,
      case when v.version > 0 then gen_random_uuid() end, %(now)s, %(now)s, 0
    from import_pair p
    join import_version v on v.worker = p.worker and v.item = p.item and v.is_last
    join import_person w on w.worker = p.worker
    where p.known_assignment_id is null
    order by p.number
"""
EARLIER_VERSIONS = """
    insert into annotation_responserevision (response_id, number, client_key, answers, label, created_at)
    select p.response_id, v.version, gen_random_uuid(), v.answers, v.label, %(now)s
    from import_pair p join import_version v on v.worker = p.worker and v.item = p.item and not v.is_last
    where p.known_assignment_id is null
"""
# What is known already: the version that stands becomes the earlier one, if the file says something else.
CHANGED = """
    create temp table import_change on commit drop as
    select v.worker, v.item, p.known_response_id, v.number, v.label, v.answers, v.is_last, r.revision, r.client_key,
      r.revision_key, r.answers as old_answers, r.label as old_label, r.updated_at,
      row_number() over (partition by v.worker, v.item order by v.number) as place
    from import_pair p
    join import_version v on v.worker = p.worker and v.item = p.item
    join annotation_response r on r.id = p.known_response_id
    join import_version l on l.worker = p.worker and l.item = p.item and l.is_last
    where l.answers <> r.answers
"""
KEEP_OLD = """
    insert into annotation_responserevision (response_id, number, client_key, answers, label, created_at)
    select known_response_id, revision, coalesce(revision_key, client_key), old_answers, old_label, updated_at
    from import_change where place = 1
    union all
    select known_response_id, revision + place, gen_random_uuid(), answers, label, %(now)s
    from import_change where not is_last
"""
REVISE = """
    update annotation_response r set answers = c.answers, label = c.label, revision = c.revision + c.place,
      revision_key = gen_random_uuid(), updated_at = %(now)s
    from import_change c where c.is_last and r.id = c.known_response_id
"""
COUNTERS = """
    update annotation_participation p
    set n_answered = p.n_answered + d.n, next_sequence = p.next_sequence + d.n
    from (select participation_id, count(*) as n from import_pair where known_assignment_id is null group by 1) d
    where p.id = d.participation_id
"""
