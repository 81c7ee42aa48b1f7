"""What a training program in Python tells its worker, and is told by it. Only the standard library is needed.

    import odl_train
    for step in range(run.step, 1000):
        ...
        odl_train.metric("train.loss", step, loss)
        odl_train.progress(step, 1000)
        if odl_train.should_stop():
            save(odl_train.checkpoint_dir / "mine"); odl_train.checkpoint(step, "mine"); odl_train.leave()

The module reads the environment a worker sets (ODL_RUN, ODL_DATA_DIR, ODL_OUTPUT_DIR, ODL_CHECKPOINT_DIR, ODL_SPEC, ODL_SOCKET, ...).
Reports go out in the background, twice a second; what is still waiting goes out when the program ends.
"""

import atexit
import datetime
import faulthandler
import http.client
import json
import os
import pathlib
import signal
import socket
import sys
import threading
import time

TRY_AGAIN = 75

run = os.environ["ODL_RUN"]
attempt = int(os.environ["ODL_ATTEMPT"])
device = os.environ.get("ODL_DEVICE", "cpu")
code_dir = pathlib.Path(os.environ.get("ODL_CODE_DIR", "."))
data_dir = pathlib.Path(os.environ["ODL_DATA_DIR"])
output_dir = pathlib.Path(os.environ["ODL_OUTPUT_DIR"])
checkpoint_dir = pathlib.Path(os.environ["ODL_CHECKPOINT_DIR"])

_BATCH = 1000
_EVERY = 0.5
_lock = threading.Lock()
_sending = threading.Lock()
_metrics = []
_log = []
_progress = None
_sequence = 0
_stop = threading.Event()
_checkpoint = threading.Event()
_over = threading.Event()


# A worker that finds the program hanging asks for the stacks of its threads before it ends it; they go to the run's log.
if sys.__stderr__ is not None:
    faulthandler.register(signal.SIGUSR1, file=sys.__stderr__, all_threads=True)


class _Connection(http.client.HTTPConnection):
    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(os.environ["ODL_SOCKET"])


def spec():
    """The assignment: run, spec, dataset, schema, files; a dictionary as in the file ODL_SPEC names."""
    with open(os.environ["ODL_SPEC"], encoding="utf-8") as file:
        return json.load(file)


def parameters():
    """The free-form parameters of the run's spec: strings by name."""
    return spec()["spec"].get("parameters") or {}


def last_checkpoint():
    """Path of the checkpoint this attempt goes on from, or None when it begins."""
    path = checkpoint_dir / "checkpoint.safetensors"
    return path if path.exists() else None


def metric(name, step, value):
    """Tells a metric's value at a step, for example metric("train.loss", 10, 0.5)."""
    now = datetime.datetime.now(datetime.timezone.utc).isoformat().replace("+00:00", "Z")
    value = float(value)
    with _lock:
        _metrics.append({"name": str(name), "step": int(step), "value": value if value == value and abs(value) != float("inf") else "NaN", "time": now})


def progress(step, total_steps):
    """Tells how far the program is."""
    global _progress
    with _lock:
        _progress = {"step": int(step), "totalSteps": int(total_steps)}


def log(line):
    """Writes a line to the run's log. So does print."""
    with _lock:
        _log.append(str(line))


def checkpoint(step, name):
    """Says that the file of that name in checkpoint_dir is a whole checkpoint. The worker takes it away before this returns."""
    flush()
    _post("/checkpoint", {"step": int(step), "path": str(name)})
    _checkpoint.clear()


def should_stop():
    """Whether the program is to leave: write a checkpoint, then leave()."""
    return _stop.is_set()


def should_checkpoint():
    """Whether someone wants a checkpoint now."""
    return _checkpoint.is_set()


def leave():
    """Ends the program before its end: the run goes on from its last checkpoint in another attempt."""
    flush()
    sys.exit(TRY_AGAIN)


def flush():
    """Sends what was told so far."""
    global _metrics, _log, _progress, _sequence
    with _sending:
        while True:
            with _lock:
                metrics, _metrics = _metrics[:_BATCH], _metrics[_BATCH:]
                lines, _log = _log[:_BATCH], _log[_BATCH:]
                now, _progress = _progress, None
            if not (metrics or lines or now):
                return
            _sequence += 1
            report = {"attempt": attempt, "sequence": _sequence, "metrics": metrics, "log": lines}
            if now:
                report["progress"] = now
            _post("/metrics", report)


def _post(path, body):
    while True:
        try:
            connection = _Connection("worker", timeout=600)
            connection.request("POST", path, json.dumps(body), {"Content-Type": "application/json"})
            answer = connection.getresponse()
            answer.read()
            connection.close()
        except (OSError, http.client.HTTPException) as error:
            if isinstance(error, (FileNotFoundError, ConnectionRefusedError)):
                os._exit(TRY_AGAIN)
            time.sleep(_EVERY)
            continue
        if answer.status in (409, 410):
            # A newer attempt of this run has begun.
            os._exit(TRY_AGAIN)
        if answer.status < 500:
            if answer.status >= 400:
                print(f"The worker refused a report ({answer.status}).", file=sys.stderr)
            return
        time.sleep(_EVERY)


def _report():
    while not _over.wait(_EVERY):
        flush()


def _listen():
    while not _over.is_set() and not _stop.is_set():
        try:
            connection = _Connection("worker", timeout=60)
            connection.request("GET", "/control")
            command = json.loads(connection.getresponse().read())["command"]
            connection.close()
        except (OSError, http.client.HTTPException, ValueError, KeyError):
            command = "none"
        if command == "stop":
            _stop.set()
        elif command == "checkpoint":
            _checkpoint.set()
        _over.wait(0.1)


def _end():
    _over.set()
    flush()


def _terminated(number, frame):
    _stop.set()


if threading.current_thread() is threading.main_thread():
    signal.signal(signal.SIGTERM, _terminated)
atexit.register(_end)
for _target in (_report, _listen):
    threading.Thread(target=_target, name="odl" + _target.__name__, daemon=True).start()
