"""`python -m launcher status`: what runs."""

from launcher.options import Options
from launcher.processes import birth_of, children_of
from launcher.run_record import read_record


def status(options: Options) -> int:
    """Print what runs from the data folder; 0 = ready, 1 = not running or not (yet) whole."""
    record = read_record(options.data)
    if record is None or not record.is_alive():
        print(f"Commonground is not running from {options.data}. Start it with `make up`.")
        return 1
    print(f"Commonground {'is at ' + record.address if record.address else 'is starting'} (data in {options.data})")
    whole = record.ready
    for name, pid in {"supervisor": record.supervisor, **record.pids}.items():
        alive = record.births.get(name, 0) == birth_of(pid) != 0
        below = children_of(pid) if alive and name not in {"supervisor", "postgres", "valkey"} else []
        detail = f"  (with {', '.join(map(str, below))})" if below else ""
        print(f"  {name:<12} {f'process {pid}' if alive else 'being started again'}{detail}")
        whole = whole and alive
    return 0 if whole else 1
