"""What an import of responses asks of the database: a few statements over all rows, in this order.

Locks are taken in the order of every act (docs/architecture.md, 2): people first, in the order of their ids; then
stimuli, by the trigger on assignments, in the order of theirs. Whoever is at work on these waits from there on, so
nothing that could be done before is left for afterwards.
"""

# Rows whose person and item come once and are new: nearly all. With their ids to be.
READY = """
    create temp table import_ready (number int, stimulus_id bigint, participation_id bigint, sequence int,
      assignment_id bigint, response_id bigint, label text, words text) on commit drop
"""
# All other rows: those whose person and item come again, or are known to the study.
ROWS = "create temp table import_row (number int, worker int, item int, label text, words text) on commit drop"
# One row per person and item of those, and of whoever took part before: its first row, its last one, how many.
KEYS = "create temp table import_key (worker int, item int, first int, last int, n int) on commit drop"
ITEMS = """
    create temp table import_item (item int primary key, source text, name text, stimulus_id bigint) on commit drop
"""
# The stimuli that items mean. A file without sources means whichever stimulus has the name.
MATCH_ITEMS = """
    update import_item i set stimulus_id = s.id
    from (
      select min(id) as id, case when %(has_source)s then source_dataset else '' end as source, name
      from annotation_stimulus where study_id = %(study)s group by 2, 3
    ) s
    where i.stimulus_id is null and s.name = i.name and s.source = i.source
"""
# Images of the study that one item could mean: of its name, and of its source where the file has sources.
AMBIGUOUS_ITEM = """
    select i.name, i.source, count(*) from annotation_stimulus s join import_item i using (name)
    where s.study_id = %(study)s and (not %(has_source)s or s.source_dataset = i.source)
    group by i.name, i.source having count(*) > 1 limit 1
"""
WORKERS = """
    create temp table import_worker (worker int primary key, annotator_id bigint, is_new boolean, option_seed int,
      ring_place bigint, code text) on commit drop
"""
PARTICIPATIONS = """
    insert into annotation_participation (study_id, annotator_id, consent_id, language, cohort, option_seed,
      ring_place, next_sequence, n_answered, n_skipped, withdrawal_code, started_at)
    select %(study)s, annotator_id, %(consent)s, %(language)s, '', option_seed, ring_place, 1, 0, 0, code, %(now)s
    from import_worker order by annotator_id
    on conflict (study_id, annotator_id) do nothing
"""
# The people who took part before may be at work, or withdraw, in this moment: from here on they wait.
LOCK_PEOPLE = """
    select p.id from annotation_participation p join import_worker w using (annotator_id)
    where p.study_id = %(study)s and not w.is_new order by p.id for no key update of p
"""
# Everything about a worker that her rows need.
PERSONS = """
    create temp table import_person on commit drop as
    select w.worker, w.is_new, p.id as participation_id, p.next_sequence, p.withdrawn_at, c.hash as consent_hash,
      n.is_simulated
    from import_worker w
    join annotation_annotator n on n.id = w.annotator_id
    join annotation_participation p on p.study_id = %(study)s and p.annotator_id = n.id
    join annotation_consenttext c on c.id = p.consent_id
"""
WITHDRAWN_PERSON = """
    select min(k.first) from import_key k join import_person p using (worker) where p.withdrawn_at is not null
"""
# Pairs of person and stimulus that the study has an assignment of. Whoever came with this file has none.
KNOWN = """
    create temp table import_known on commit drop as
    select k.worker, k.item, k.first, k.last, a.state, r.id as response_id
    from import_person w
    join import_key k using (worker)
    join import_item i using (item)
    join annotation_assignment a on a.stimulus_id = i.stimulus_id and a.participation_id = w.participation_id
    left join annotation_response r on r.assignment_id = a.id
    where not w.is_new
"""
# Those that come again and are not known, with their ids to be and their places in the sequence of the person.
NEW = """
    create temp table import_new (worker int, item int, first int, last int, stimulus_id bigint,
      participation_id bigint, sequence int, assignment_id bigint, response_id bigint) on commit drop
"""
# The versions of an answer, where there is more to it than one row: rows that repeat the one before say nothing new.
VERSIONS = """
    create temp table import_version on commit drop as
    select number, worker, item, label, words,
      row_number() over (partition by worker, item order by number) - 1 as version,
      row_number() over (partition by worker, item order by number desc) = 1 as is_last
    from (
      select *, lag(number) over before as number_before, lag(label) over before as label_before,
        lag(words) over before as words_before
      from import_row r
      join (
        select worker, item from import_key where n > 1 union select worker, item from import_known
      ) more using (worker, item)
      window before as (partition by worker, item order by number)
    ) rows
    where number_before is null or label <> label_before or words is distinct from words_before
"""
TOO_MANY = """
    select s.name, s.wanted, s.wanted - s.open_slots, p.n, p.first
    from (
      select stimulus_id, count(*) as n, min(first) as first
      from (
        select stimulus_id, number as first from import_ready union all select stimulus_id, first from import_new
      ) comes group by stimulus_id
    ) p join annotation_stimulus s on s.id = p.stimulus_id
    where p.n > s.open_slots order by p.first limit 5
"""
GONE = """
    select first, state from import_known where response_id is null or state = 'withdrawn' order by first limit 1
"""
# Nobody will send these answers again, so their keys need not be hard to guess, only the person's own: the number of
# the response in the form of a UUID (version 8: of the maker's choice). Half a million random ones cost two seconds.
RESPONSE_KEY = "('00000000-0000-8000-8000-' || lpad(to_hex(p.response_id), 12, '0'))::uuid"
_INTO_RESPONSES = """
    insert into annotation_response
      (id, assignment_id, study_id, stimulus_id, participation_id, client_key, status, answers, label, options_shown,
       sequence, signals, language, device, theme, consent_hash, is_simulated, revision, revision_key, created_at,
       updated_at)
    select p.response_id, p.assignment_id, %(study)s, p.stimulus_id, p.participation_id, {key}, 'accepted',
      {answers}, {label}, '{{}}'::jsonb, p.sequence, '{{}}'::jsonb, %(language)s, '', '', w.consent_hash,
      w.is_simulated,"""
READY_RESPONSES = f"""{_INTO_RESPONSES} 0, null, %(now)s, %(now)s
    from import_ready p
    join import_person w on w.participation_id = p.participation_id
"""
RESPONSES = f"""{_INTO_RESPONSES} coalesce(v.version, 0), case when v.version > 0 then gen_random_uuid() end,
      %(now)s, %(now)s
    from import_row r
    join import_new p on p.last = r.number
    join import_person w on w.participation_id = p.participation_id
    left join (select worker, item, version from import_version where is_last) v
      on v.worker = p.worker and v.item = p.item
"""  # noqa: S608  # nothing but these two texts
EARLIER_VERSIONS = """
    insert into annotation_responserevision (response_id, number, client_key, answers, label, created_at)
    select p.response_id, r.version, gen_random_uuid(), {answers}, r.label, %(now)s
    from import_new p join import_version r on r.worker = p.worker and r.item = p.item and not r.is_last
"""
# What is known already: the version that stands becomes the earlier one, if the file says something else.
CHANGED = """
    create temp table import_change on commit drop as
    select r.worker, r.item, k.response_id, r.number, r.label, {answers} as answers, r.is_last, o.revision,
      o.client_key, o.revision_key, o.answers as old_answers, o.label as old_label, o.updated_at,
      row_number() over (partition by r.worker, r.item order by r.number) as place
    from import_known k
    join import_version r on r.worker = k.worker and r.item = k.item
    join annotation_response o on o.id = k.response_id
"""
UNCHANGED = """
    delete from import_change where (worker, item) in (
      select worker, item from import_change where is_last and answers = old_answers
    )
"""
KEEP_OLD = """
    insert into annotation_responserevision (response_id, number, client_key, answers, label, created_at)
    select response_id, revision, coalesce(revision_key, client_key), old_answers, old_label, updated_at
    from import_change where place = 1
    union all
    select response_id, revision + place, gen_random_uuid(), answers, label, %(now)s
    from import_change where not is_last
"""
REVISE = """
    update annotation_response r set answers = c.answers, label = c.label, revision = c.revision + c.place,
      revision_key = gen_random_uuid(), updated_at = %(now)s
    from import_change c where c.is_last and r.id = c.response_id
"""
COUNTERS = """
    update annotation_participation p
    set n_answered = p.n_answered + d.n, next_sequence = p.next_sequence + d.n
    from (
      select participation_id, count(*) as n
      from (select participation_id from import_ready union all select participation_id from import_new) given
      group by 1
    ) d
    where p.id = d.participation_id
"""
ASSIGNMENTS = """
    insert into annotation_assignment
      (id, study_id, stimulus_id, participation_id, state, sequence, leased_at, expires_at, skip_reason)
    select assignment_id, %(study)s, stimulus_id, participation_id, 'answered', sequence, %(now)s, %(now)s, ''
    from (
      select assignment_id, stimulus_id, participation_id, sequence from import_ready
      union all
      select assignment_id, stimulus_id, participation_id, sequence from import_new
    ) given
"""
