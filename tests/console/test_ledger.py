"""`tasksync ledger copy`, `backup`, `restore` and `renew`."""

from tasksync_engine.ledger import open_ledger

from .conftest import reminder_id


def test_a_copy_is_the_ledger_from_then_on(book, tasksync, tmp_path, monkeypatch):
    """It is said where it is, and that the variable has to lead there; it keeps the id."""
    book.link(1)
    known, target = tasksync("ledger", "id").out, f"sqlite:///{tmp_path / 'copy.db'}"
    ended = tasksync("ledger", "copy", target)
    assert ended.code == 0, ended.err
    assert "(1 link) were copied and compared" in ended.out
    assert "set TASKSYNC_LEDGER_URL to it before the next run. Should you go on with the old one" in ended.out
    monkeypatch.setenv("TASKSYNC_LEDGER_URL", target)
    assert tasksync("ledger", "id").out == known
    assert reminder_id(1) in tasksync("links").out


def test_a_copy_as_a_backup_is_told_as_one(book, tasksync, tmp_path, monkeypatch):
    """And its address may come from a variable, whose password no process list shows."""
    book.link(1)
    known = tasksync("ledger", "id").out
    monkeypatch.setenv("TASKSYNC_COPY_TO", f"sqlite:///{tmp_path / 'copy.db'}")
    told = tasksync("ledger", "copy", "--as-backup", "--json").json
    assert (told["rows"]["links"], told["as_backup"]) == (1, True)
    assert tasksync("ledger", "id").out == known
    again = tasksync("ledger", "copy", "--as-backup")
    assert (again.code, again.out) == (1, "")
    assert "name an empty one" in again.err


def test_a_backup_is_restored(book, tasksync, tmp_path):
    """The ledger that was there is kept, and said where; the id is another one."""
    book.link(1)
    book.run()
    known, file = tasksync("ledger", "id").out, str(tmp_path / "backup.db")
    assert tasksync("ledger", "backup", file).code == 0
    book.link(2)
    ended = tasksync("ledger", "restore", file)
    assert ended.code == 0, ended.err
    (kept,) = tmp_path.glob("ledger.db.before-restore-*")
    assert f"is kept in {kept}" in ended.out
    assert "The next sync reads everything again" in ended.out
    assert reminder_id(2) not in tasksync("links").out
    assert tasksync("ledger", "id").out != known
    with open_ledger(f"sqlite:///{kept}") as before:
        assert before.id == known.strip()


def test_a_ledger_is_renewed(book, tasksync):
    """It says its new id."""
    assert book
    known = tasksync("ledger", "id").out.strip()
    told = tasksync("ledger", "renew").out
    assert known not in told
    assert tasksync("ledger", "id").out.strip() in told


def test_problems_are_said(book, tasksync, tmp_path):
    """On standard error, with exit code 1."""
    assert book
    for words in (["backup", str(tmp_path / "ledger.db")], ["restore", str(tmp_path / "none")], ["copy", "nonsense"]):
        ended = tasksync("ledger", *words)
        assert (ended.code, ended.out) == (1, "")
        assert len(ended.err.splitlines()) == 1
