"""Files, folders, zips and manifests become stimuli, all of them or none."""

import csv
import io
import json
import stat
import time
import zipfile
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command

from annotation.errors import InvalidInput, InvalidRows
from annotation.images import SIZES
from annotation.models import Stimulus, Study
from annotation.services.audit_study import audit_study
from annotation.services.import_stimuli import import_archive, import_files, import_folder, import_manifest
from annotation.services.insert_stimuli import name_key
from jobs.models import Job
from jobs.services import run
from snapshots.local_copy import image_name
from tests.annotation.pictures import as_zip, picture, png_that_claims
from tests.conftest import make_study

pytestmark = pytest.mark.django_db


@pytest.fixture
def empty_study() -> Study:
    return make_study(n_stimuli=0, is_open=False, wanted_responses=4)


def nothing_is_there(study: Study) -> bool:
    """Neither a row nor a file, nor a job that would make one."""
    folders = default_storage.listdir("")[0] if default_storage.exists("") else []
    return not Stimulus.objects.filter(study=study).exists() and "images" not in folders and not Job.objects.exists()


def files(**contents: bytes) -> list[tuple[str, Any]]:
    return [(name.replace("_", "."), io.BytesIO(content)) for name, content in contents.items()]


def zip_file(folder: Path, members: dict[str, bytes], **more: Any) -> Path:
    path = folder / "pictures.zip"
    path.write_bytes(as_zip(members, **more))
    return path


def manifest(folder: Path, rows: list[dict[str, Any]], name: str = "manifest.csv") -> Path:
    path = folder / name
    if name.endswith(".parquet"):
        pq.write_table(pa.Table.from_pylist(rows), path)
    elif name.endswith(".jsonl"):
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    else:
        with path.open("w", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
    return path


# --- files ---


def test_files_become_stimuli_with_their_image_and_its_sizes(empty_study: Study) -> None:
    result = import_files(study=empty_study, files=files(a_jpg=picture("red"), b_png=picture("blue", kind="PNG")))
    assert (result.n_read, result.n_added, result.n_duplicates) == (2, 2, 0)
    stimulus = Stimulus.objects.get(name="a.jpg")
    assert stimulus.key == stimulus.image_sha256
    assert (stimulus.width, stimulus.height, stimulus.wanted, stimulus.open_slots) == (60, 40, 4, 4)
    for size in SIZES:
        assert default_storage.exists(image_name(stimulus.image_sha256, size))
    assert default_storage.size(image_name(stimulus.image_sha256)) == stimulus.bytes
    assert audit_study(empty_study) == []


def test_derived_sizes_are_as_small_as_they_say(empty_study: Study) -> None:
    from PIL import Image

    import_files(study=empty_study, files=files(a_jpg=picture("red", size=(2000, 1000))))
    sha256 = Stimulus.objects.get().image_sha256
    for size, side in (("1024", 1024), ("320", 320)):
        with default_storage.open(image_name(sha256, size)) as file:
            assert Image.open(file).size == (side, side // 2)


def test_the_same_image_is_one_stimulus_whatever_it_is_called(empty_study: Study) -> None:
    same = picture("red")
    first = import_files(study=empty_study, files=files(a_jpg=same, b_jpg=same))
    again = import_files(study=empty_study, files=files(c_jpg=same))
    assert (first.n_added, first.n_duplicates) == (1, 1)
    assert (again.n_added, again.n_duplicates) == (0, 1)


def test_one_bad_file_and_nothing_is_imported(empty_study: Study) -> None:
    with pytest.raises(InvalidInput) as refusal:
        import_files(study=empty_study, files=files(a_jpg=picture("red"), b_svg=b"<svg/>", c_jpg=picture()[:200]))
    assert set(refusal.value.errors) == {"b.svg", "c.jpg"}
    assert "2 files cannot be used" in refusal.value.message
    assert "Nothing was imported" in refusal.value.message
    assert nothing_is_there(empty_study)


def test_images_may_be_added_while_the_study_is_open(study: Study) -> None:
    before = Stimulus.objects.filter(study=study).count()
    import_files(study=study, files=files(a_jpg=picture("red")))
    assert Stimulus.objects.filter(study=study).count() == before + 1
    assert audit_study(study) == []


# --- folders ---


def test_a_folder_is_imported_with_the_paths_in_it_as_names(empty_study: Study, tmp_path: Path) -> None:
    (tmp_path / "lakes").mkdir()
    (tmp_path / "lakes" / "one.jpg").write_bytes(picture("red"))
    (tmp_path / "two.jpg").write_bytes(picture("blue"))
    (tmp_path / ".DS_Store").write_bytes(b"not a picture")
    result = import_folder(study=empty_study, folder=tmp_path, source_dataset="lakes")
    assert result.n_added == 2
    assert set(Stimulus.objects.values_list("name", "source_dataset")) == {
        ("lakes/one.jpg", "lakes"),
        ("two.jpg", "lakes"),
    }


def test_a_folder_without_files_is_refused(empty_study: Study, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="holds no files"):
        import_folder(study=empty_study, folder=tmp_path)


# --- zips ---


def test_a_zip_is_imported_without_the_folder_that_all_share(empty_study: Study, tmp_path: Path) -> None:
    path = zip_file(
        tmp_path,
        {
            "trip/": b"",
            "trip/a.jpg": picture("red"),
            "trip/day 2/b.jpg": picture("blue"),
            "__MACOSX/trip/._a.jpg": b"noise",
            "trip/.DS_Store": b"noise",
        },
    )
    assert import_archive(study=empty_study, path=path).n_added == 2
    assert set(Stimulus.objects.values_list("name", flat=True)) == {"a.jpg", "day 2/b.jpg"}


def test_many_images_leave_their_smaller_sizes_to_a_job_that_may_run_twice(
    empty_study: Study, tmp_path: Path, django_capture_on_commit_callbacks: Any
) -> None:
    path = zip_file(tmp_path, {f"{number}.jpg": picture((number, 0, 0)) for number in range(0, 250, 10)})
    assert import_archive(study=empty_study, path=path).n_added == 25
    job = Job.objects.get(kind="derive_images")
    sha256 = Stimulus.objects.first().image_sha256  # type: ignore[union-attr]
    assert not default_storage.exists(image_name(sha256, "320"))
    run(job.pk)
    job.refresh_from_db()
    assert (job.state, job.result) == (Job.DONE, {"n_made": 50})
    assert default_storage.exists(image_name(sha256, "320"))
    Job.objects.filter(pk=job.pk).update(state=Job.QUEUED)
    run(job.pk)
    job.refresh_from_db()
    assert (job.state, job.result) == (Job.DONE, {"n_made": 0})


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("../a.jpg", "leads out"),
        ("pictures/../../a.jpg", "leads out"),
        ("..\\a.jpg", "leads out"),
        ("/etc/a.jpg", "absolute"),
        ("C:\\a.jpg", "absolute"),
        ("../.hidden", "leads out"),
    ],
)
def test_a_zip_with_names_that_lead_elsewhere_is_refused(
    empty_study: Study, tmp_path: Path, name: str, reason: str
) -> None:
    with pytest.raises(InvalidInput, match=reason):
        import_archive(study=empty_study, path=zip_file(tmp_path, {"good.jpg": picture(), name: picture("red")}))
    assert nothing_is_there(empty_study)


def test_a_zip_names_every_bad_member_and_imports_none(empty_study: Study, tmp_path: Path) -> None:
    members = {
        "good.jpg": picture(),
        "drawing.svg": b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        "notes.txt": b"hello",
        "huge.png": png_that_claims(20_000, 15_000),
        "cut.jpg": picture()[:300],
    }
    with pytest.raises(InvalidInput) as refusal:
        import_archive(study=empty_study, path=zip_file(tmp_path, members))
    assert set(refusal.value.errors) == {"drawing.svg", "notes.txt", "huge.png", "cut.jpg"}
    assert "300 megapixels" in refusal.value.errors["huge.png"][0]
    assert nothing_is_there(empty_study)


def test_a_zip_with_a_link_is_refused(empty_study: Study, tmp_path: Path) -> None:
    path = tmp_path / "links.zip"
    with zipfile.ZipFile(path, "w") as archive:
        link = zipfile.ZipInfo("passwords.jpg")
        link.create_system = 3
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "/etc/passwd")
    with pytest.raises(InvalidInput, match="is a link"):
        import_archive(study=empty_study, path=path)


def test_an_encrypted_zip_is_refused(empty_study: Study, tmp_path: Path) -> None:
    path = zip_file(tmp_path, {"a.jpg": picture()})
    content = bytearray(path.read_bytes())
    content[content.index(b"PK\x01\x02") + 8] |= 1  # the flag in the central directory
    path.write_bytes(content)
    with pytest.raises(InvalidInput, match="without a password"):
        import_archive(study=empty_study, path=path)


def test_a_zip_bomb_is_refused_unopened(empty_study: Study, tmp_path: Path, settings: Any) -> None:
    path = zip_file(tmp_path, {"zeros.bmp": bytes(15_000_000)}, compression=zipfile.ZIP_DEFLATED)
    with pytest.raises(InvalidInput, match="200 times"):
        import_archive(study=empty_study, path=path)
    settings.ARCHIVE_MAX_BYTES = 1_000
    with pytest.raises(InvalidInput, match="would unpack"):
        import_archive(study=empty_study, path=zip_file(tmp_path, {f"{n}.jpg": picture() for n in range(9)}))


def test_a_zip_whose_member_is_damaged_names_it(empty_study: Study, tmp_path: Path) -> None:
    path = zip_file(tmp_path, {"a.jpg": picture(), "b.jpg": picture("red")}, compression=zipfile.ZIP_DEFLATED)
    content = bytearray(path.read_bytes())
    content[60:90] = bytes(30)
    path.write_bytes(content)
    with pytest.raises(InvalidInput) as refusal:
        import_archive(study=empty_study, path=path)
    assert set(refusal.value.errors) == {"a.jpg"}
    assert nothing_is_there(empty_study)


@pytest.mark.parametrize("content", [b"", b"no zip at all", b"PK\x03\x04 and then nothing"])
def test_what_is_no_zip_is_refused(empty_study: Study, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.zip"
    path.write_bytes(content)
    with pytest.raises(InvalidInput, match=r"a\.zip is not a zip"):
        import_archive(study=empty_study, path=path)


def test_a_zip_of_a_kind_that_does_not_exist_yet_is_refused(empty_study: Study, tmp_path: Path) -> None:
    content = bytearray(as_zip({"a.jpg": picture()}))
    content[content.index(b"PK\x01\x02") + 6] = 99  # the version that is needed to unpack it
    (tmp_path / "new.zip").write_bytes(content)
    with pytest.raises(InvalidInput, match=r"new\.zip is not a zip that can be read \(zip file version 9\.9\)"):
        import_archive(study=empty_study, path=tmp_path / "new.zip")


def test_an_empty_zip_is_refused(empty_study: Study, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="holds no images"):
        import_archive(study=empty_study, path=zip_file(tmp_path, {}))


# --- manifests ---


@pytest.mark.parametrize("name", ["manifest.csv", "manifest.jsonl", "manifest.parquet", "manifest.tsv"])
def test_a_manifest_brings_names_descriptions_and_metadata(empty_study: Study, tmp_path: Path, name: str) -> None:
    (tmp_path / "lake.jpg").write_bytes(picture())
    row = {"path": "lake.jpg", "name": "lake", "source_dataset": "oasis", "description": "A lake", "theme": "water"}
    path = manifest(tmp_path, [row], name.replace(".tsv", ".csv"))
    if name.endswith(".tsv"):
        path = path.rename(tmp_path / name)
        path.write_text(path.read_text().replace(",", "\t"))
    import_manifest(study=empty_study, path=path, root=tmp_path)
    stimulus = Stimulus.objects.get()
    assert (stimulus.name, stimulus.source_dataset, stimulus.description) == ("lake", "oasis", "A lake")
    assert stimulus.metadata == {"theme": "water"}
    assert stimulus.width == 60


def test_numbers_keep_their_type_where_the_file_has_one(empty_study: Study, tmp_path: Path) -> None:
    import_manifest(
        study=empty_study, path=manifest(tmp_path, [{"name": "a", "valence": 5.9, "none": None}], "m.jsonl")
    )
    assert Stimulus.objects.get().metadata == {"valence": 5.9}


def test_a_manifest_of_names_alone_makes_stimuli_without_images(empty_study: Study, tmp_path: Path) -> None:
    rows = [
        {"name": "a", "source_dataset": "one"},
        {"name": "a", "source_dataset": "two"},
        {"name": "a", "source_dataset": "one"},
    ]
    result = import_manifest(study=empty_study, path=manifest(tmp_path, rows))
    assert (result.n_added, result.n_duplicates) == (2, 1)
    assert Stimulus.objects.get(source_dataset="two").key == name_key("two", "a")


def test_rows_that_name_no_source_take_the_one_given_for_all(empty_study: Study, tmp_path: Path) -> None:
    rows = [{"name": "a", "source_dataset": ""}, {"name": "b", "source_dataset": "own"}]
    import_manifest(study=empty_study, path=manifest(tmp_path, rows), source_dataset="given")
    assert set(Stimulus.objects.values_list("name", "source_dataset")) == {("a", "given"), ("b", "own")}


def test_one_bad_line_in_ten_thousand_is_named_and_nothing_is_imported(empty_study: Study, tmp_path: Path) -> None:
    rows = [{"name": f"image {number}", "source_dataset": "made"} for number in range(10_000)]
    rows[7_000]["name"] = ""
    with pytest.raises(InvalidRows) as refusal:
        import_manifest(study=empty_study, path=manifest(tmp_path, rows))
    assert [(row["row"], row["field"]) for row in refusal.value.rows] == [(7_002, "name")]
    assert refusal.value.message.startswith("Row 7002, name: ")
    assert "Nothing of manifest.csv was imported" in refusal.value.message
    assert nothing_is_there(empty_study)


def test_every_bad_row_is_named(empty_study: Study, tmp_path: Path) -> None:
    (tmp_path / "good.jpg").write_bytes(picture())
    (tmp_path / "broken.jpg").write_bytes(picture()[:300])
    rows = [{"path": "good.jpg"}, {"path": "missing.jpg"}, {"path": ""}]
    with pytest.raises(InvalidRows) as refusal:
        import_manifest(study=empty_study, path=manifest(tmp_path, rows), root=tmp_path)
    assert [row["row"] for row in refusal.value.rows] == [3, 4]
    with pytest.raises(InvalidRows, match=r"Row 3, path: broken\.jpg is broken"):
        import_manifest(
            study=empty_study, path=manifest(tmp_path, [{"path": "good.jpg"}, {"path": "broken.jpg"}]), root=tmp_path
        )
    assert nothing_is_there(empty_study)


@pytest.mark.parametrize("path", ["../secret.jpg", "/etc/passwd", "a/../../secret.jpg", "link.jpg"])
def test_paths_do_not_lead_out_of_the_opened_folder(empty_study: Study, tmp_path: Path, path: str) -> None:
    opened = tmp_path / "opened"
    opened.mkdir()
    (tmp_path / "secret.jpg").write_bytes(picture())
    (opened / "link.jpg").symlink_to(tmp_path / "secret.jpg")
    with pytest.raises(InvalidRows):
        import_manifest(study=empty_study, path=manifest(tmp_path, [{"path": path}]), root=opened)
    assert nothing_is_there(empty_study)


def test_paths_need_an_opened_folder(empty_study: Study, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="MANIFEST_ROOT"):
        import_manifest(study=empty_study, path=manifest(tmp_path, [{"path": "a.jpg"}]))


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "is empty"),
        (b"name,source_dataset\n", "no rows"),
        (b"picture,mood\na,b\n", "needs a column path, url or name; it has picture, mood"),
        (b"name,name\na,b\n", "two columns named 'name'"),
        (b"name\n\xff\xfe\n", "Row 2, whole row"),
        (b'name,theme\n"a,b\n', "quotation mark is not closed"),
        (b"name,theme\na,b,c\n", "Row 2, whole row: it has 3 cells, the header 2"),
        (b"name\n" + b"x" * 301 + b"\n", "Row 2, name: it has 301 characters"),
        (b"name\na\x00b\n", "Row 2"),
        (b"url\nftp://example.org/a.jpg\n", "must begin with http"),
        (b"url\nhttp://127.0.0.1/a.jpg\n", "not a public address"),
    ],
)
def test_a_bad_csv_is_refused_with_row_and_reason(
    empty_study: Study, tmp_path: Path, content: bytes, sentence: str
) -> None:
    path = tmp_path / "bad.csv"
    path.write_bytes(content)
    with pytest.raises(InvalidInput) as refusal:
        import_manifest(study=empty_study, path=path)
    assert sentence in refusal.value.message
    assert nothing_is_there(empty_study)


@pytest.mark.parametrize("content", [b"not json\n", b"[1, 2]\n", b'{"name": {"a": 1}}\n', b'{"name": "a"}\nx\n'])
def test_bad_json_lines_are_refused(empty_study: Study, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "bad.jsonl"
    path.write_bytes(content)
    with pytest.raises(InvalidInput, match=r"Row|holds no line"):
        import_manifest(study=empty_study, path=path)
    assert nothing_is_there(empty_study)


def test_a_file_that_is_no_parquet_is_refused(empty_study: Study, tmp_path: Path) -> None:
    path = tmp_path / "bad.parquet"
    path.write_bytes(b"PAR1 nothing")
    with pytest.raises(InvalidInput, match="not a Parquet file"):
        import_manifest(study=empty_study, path=path)


def test_a_manifest_as_large_as_affection_takes_seconds(empty_study: Study, tmp_path: Path) -> None:
    path = manifest(
        tmp_path, [{"name": f"{n}.jpg", "source_dataset": f"set {n % 5}", "theme": "x"} for n in range(85_007)]
    )
    began = time.process_time()
    assert import_manifest(study=empty_study, path=path).n_added == 85_007
    assert time.process_time() - began < 20  # CPU seconds of this process; about 2 on an idle machine
    assert Stimulus.objects.values("rank").distinct().count() == 85_007


# --- the command ---


def test_the_command_imports_a_manifest_with_paths_beside_it(empty_study: Study, tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(picture())
    out = io.StringIO()
    call_command("import_stimuli", empty_study.slug, str(manifest(tmp_path, [{"path": "a.jpg"}])), stdout=out)
    assert "1 stimuli added out of 1" in out.getvalue()


def test_the_name_of_a_data_set_has_an_end(empty_study: Study, tmp_path: Path) -> None:
    (tmp_path / "names.csv").write_text("name\nlake\n")
    with pytest.raises(CommandError, match="at most 120 characters, not 121"):
        call_command("import_stimuli", empty_study.slug, tmp_path / "names.csv", "--source-dataset", "x" * 121)


def test_the_command_finds_a_study_by_its_title(empty_study: Study, tmp_path: Path) -> None:
    call_command("import_stimuli", "feelings-at-the-lake", str(zip_file(tmp_path, {"a.jpg": picture()})))
    assert Stimulus.objects.filter(study=empty_study).count() == 1


@pytest.mark.parametrize(
    ("slug", "source", "sentence"),
    [
        ("nowhere", "a.zip", "no study 'nowhere'"),
        ("", "missing.zip", "There is no"),
        ("", "manifest.docx", "neither a folder, nor a zip"),
    ],
)
def test_the_command_says_what_is_wrong(
    empty_study: Study, tmp_path: Path, slug: str, source: str, sentence: str
) -> None:
    (tmp_path / "a.zip").write_bytes(as_zip({"a.jpg": picture()}))
    (tmp_path / "manifest.docx").write_bytes(b"x")
    with pytest.raises(CommandError, match=sentence):
        call_command("import_stimuli", slug or empty_study.slug, str(tmp_path / source))
