from __future__ import annotations


def test_jobs_are_listed(cli, shop):
    assert cli("job", "list", "-f", shop).steady.splitlines() == [
        "JOB  KIND  NODES  DESCRIPTION",
        "greeting  ops  1  Says hello.",
    ]
    assert cli("job", "list", "-f", shop, "-q").out == "greeting\n"
    assert cli("job", "list", "-f", shop, "--json").json[0]["nodes"] == ["greet"]


def test_code_without_jobs_says_so(cli, write):
    write("one.py", "from penstock import asset\n@asset\ndef one(): ...\n")
    assert cli("job", "list", "-f", "one.py").out.startswith("No jobs.")


def test_a_job_runs(cli, shop):
    answer = cli("job", "run", "greeting", "-f", shop)
    assert answer.code == 0
    assert "✓ done: 1 step done in" in answer.out
    assert cli("run", "list", "--json").json[0]["job_name"] == "greeting"


def test_an_unknown_job_is_answered_with_the_nearest(cli, shop):
    answer = cli("job", "run", "greetin", "-f", shop)
    assert answer.code == 2
    assert "Did you mean 'greeting'?" in answer.err


def test_materialize_without_assets_points_at_the_jobs(cli, write):
    write("ops.py", "from penstock import job, op\n@op\ndef a(): ...\n@job\ndef nightly():\n    a()\n")
    answer = cli("materialize", "-f", "ops.py")
    assert answer.code == 2
    assert "penstock job run nightly" in answer.err
