#!/bin/sh
# The flights example from the command line: `make demo` runs it, with Penstock on the PATH.
set -eu
cd "$(dirname "$0")"

# A home beside the example, so that the demonstration touches nothing else. Yours would be ~/.penstock.
: "${PENSTOCK_HOME:=$PWD/.penstock-home}"
export PENSTOCK_HOME

if [ -t 1 ] && [ -z "${NO_COLOR:-}" ]; then
    strong=$(printf '\033[1;36m') plain=$(printf '\033[0m')
else
    strong='' plain=''
fi

say() { printf '\n%s# %s%s\n' "$strong" "$1" "$plain"; }

show() {
    printf '%s$ penstock' "$strong"
    for word in "$@"; do
        case $word in
            *[!A-Za-z0-9_./:=+-]*) printf " '%s'" "$word" ;;
            *) printf ' %s' "$word" ;;
        esac
    done
    printf '%s\n' "$plain"
    penstock "$@"
}

printf 'Every flight that left New York in 2013: 336,776 of them, and the weather.\n'
printf 'Runs, events and tables go to %s\n' "$PENSTOCK_HOME"

say 'Is anything wrong with the definitions?'
show check

say 'What would run, and why?'
show plan

say 'Run it: clean, join with the weather, measure, draw, report.'
show materialize

say 'What is known about an asset?'
show asset show route_delays

say 'An op job: the worst routes of one carrier.'
show job run worst_routes --config '{"ops": {"rank_routes": {"config": {"carriers": ["UA"]}}}}'
last=$(penstock run list --job worst_routes --limit 1 --quiet)
show run logs "$last"

say 'As many steps as months, then as many as carriers: a model of the delays of each.'
show job run delay_models
show asset show delay_models

say 'The same year day by day. What would a backfill do?'
show backfill launch -m nycflights.daily --asset 'group:daily and not carrier_days' --all --dry-run
say 'Days in one run, because the archive is one file; then each week of the days that it has.'
show backfill launch -m nycflights.daily --asset 'group:daily and not carrier_days' --all
say 'Carriers times days: one carrier for three months.'
show materialize -m nycflights.daily --select carrier_days --partition 'UA|2013-01-01...UA|2013-03-31'

say 'Which partitions are there?'
show asset show weekly_delays -m nycflights.daily --history 3
show asset show carrier_days -m nycflights.daily --history 1

say 'All that was run is still there.'
show run list --limit 5

cat <<END

${strong}# Where to look next${plain}
  The report     examples/nycflights/reports/delays.md
  The chart      examples/nycflights/reports/delays.png
  The code       examples/nycflights/nycflights/assets.py
  The tutorial   docs/tutorial/flights.md

  To go on from here:
    . .venv/bin/activate && cd examples/nycflights
    export PENSTOCK_HOME='$PENSTOCK_HOME'
    penstock asset list
    penstock asset show daily_weather -m nycflights.daily
    penstock partition list carrier_days -m nycflights.daily --status materialized --limit 5
    penstock backfill list
    penstock materialize --select 'flights++' --config '{"ops": {"flights": {"config": {"carriers": ["UA", "DL"]}}}}'
END
