"""OrleansDL from Python: push data, read it, train, watch, predict.

One file, Python 3.9 or newer, nothing but the standard library. NumPy is used where it is installed, and only when asked
for. Copy the file beside your program, or put its folder on PYTHONPATH.

    import odl

    client = odl.Client("http://127.0.0.1:8080", token)        # or odl.Client(): from ODL_URL, ODL_TOKEN, or ./odl-data
    client.create_dataset("digits")
    client.push("digits", "digits.csv", tags=["first"])
    for batch in client.batches("digits", size=256):           # {"p0": [...], ..., "label": [...]}
        ...
    run = client.train(dataset="digits", network={"family": "mlp"}, registerAs="digits")
    run = client.wait(run["name"])
    client.predict("digits", [[0, 1, ...]])

Answers are the JSON documents of the HTTP interface as dicts, with its field names. What goes wrong is an `Error` (or one
of its kinds) whose text says what and what to do next. Calls that lost their answer are repeated with the same
idempotency key, so nothing is made twice. A client may be used by several threads.
"""

import contextlib
import hashlib
import http.client
import json
import os
import ssl
import struct
import threading
import time
import urllib.parse
import uuid
from concurrent.futures import ThreadPoolExecutor

__all__ = [
    "Client", "Error", "NotFound", "Invalid", "Conflict", "Unauthorized", "Forbidden", "TooLarge", "NoCapacity",
    "Unreachable", "RunFailed",
]

_PAGE_ROWS = 1000
_CHUNK = 1 << 20
_SMALL = 4 << 20
_BATCH = 32 << 20
_PIECE = 64 << 20
_COMPARED = 10_000
_FIRST_PAUSE = 0.2
_LONGEST_PAUSE = 5.0


class Error(Exception):
    """A call was refused or failed. `status` is the HTTP status (0: there was no answer), `code` the stable code."""

    def __init__(self, message, status=0, code="internal"):
        super().__init__(message)
        self.status = status
        self.code = code


class NotFound(Error):
    """The thing that was named is not there."""


class Invalid(Error):
    """Something in the request is wrong; the text says what."""


class Conflict(Error):
    """The request does not fit what is there now."""


class Unauthorized(Error):
    """There was no token, or an unknown one."""


class Forbidden(Error):
    """The token may not do this."""


class TooLarge(Error):
    """More than the node takes at once."""


class NoCapacity(Error):
    """Nobody could do it just now, and repeating did not help."""


class Unreachable(Error):
    """No node answered at the address."""


class RunFailed(Error):
    """A run that was waited for failed or was cancelled. `run` is its document."""

    def __init__(self, message, run):
        super().__init__(message, 0, "run-failed")
        self.run = run


_KINDS = {
    "not-found": NotFound, "invalid": Invalid, "conflict": Conflict, "precondition-failed": Conflict, "unauthorized": Unauthorized,
    "forbidden": Forbidden, "too-large": TooLarge, "no-capacity": NoCapacity,
}
_ENDED = ("completed", "failed", "cancelled")


class Client:
    """Talks to one node as one token in one project.

    What is not given is looked for in the environment (ODL_URL, ODL_TOKEN, ODL_PROJECT), then in the node's folder (`data`,
    ODL_DATA, or ./odl-data), where a node leaves its address and its first token.

    timeout: seconds one answer may take. attempts: how often a call is tried while the node is away or busy.
    """

    def __init__(self, url=None, token=None, project=None, data=None, timeout=100.0, attempts=6):
        folder = data or os.environ.get("ODL_DATA") or "odl-data"
        url = url or os.environ.get("ODL_URL") or _address_in(folder) or "http://127.0.0.1:8080"
        parts = urllib.parse.urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise Invalid("'%s' is no address of a node. An address reads like http://127.0.0.1:8080." % url, 0, "invalid")
        self.url = url.rstrip("/")
        self.project = project or os.environ.get("ODL_PROJECT") or "default"
        self._parts = parts
        self._token = token or os.environ.get("ODL_TOKEN") or _token_in(folder)
        self._timeout = timeout
        self._attempts = attempts
        self._local = threading.local()

    def close(self):
        """Closes this thread's connection; a later call opens another one. A client also ends a `with` block so."""
        self._drop()

    def __enter__(self):
        return self

    def __exit__(self, *problem):
        self.close()

    def whoami(self):
        """Whose token this is, and what it may do."""
        return self._get("/v1/whoami")

    # Datasets

    def create_dataset(self, name, kind="table", description=None, **more):
        """Makes a dataset. kind: table, image, text or files."""
        return self._post(self._of("datasets"), dict(more, name=name, kind=kind, description=description))

    def datasets(self):
        """All datasets of the project."""
        return self._pages(self._of("datasets"))

    def dataset(self, name):
        """One dataset."""
        return self._get(self._of("datasets", name))

    def versions(self, dataset):
        """The versions of a dataset, newest first."""
        return self._pages(self._of("datasets", dataset, "versions"))

    def version(self, dataset, version=None):
        """One version: its schema, rows, sources. version: latest, v3, a branch, a tag, or sha256:...; it may stand in the name: points@v1."""
        dataset, version = _reference(dataset, version)
        return self._get(self._of("datasets", dataset, "versions", version))

    def files(self, dataset, version=None):
        """The files of a version."""
        dataset, version = _reference(dataset, version)
        return self._pages(self._of("datasets", dataset, "versions", version, "files"))

    def statistics(self, dataset, version=None):
        """What is known of each column's values."""
        dataset, version = _reference(dataset, version)
        return self._get(self._of("datasets", dataset, "versions", version, "statistics"))["items"]

    def tag(self, dataset, version, tag):
        """Tags a version."""
        return self._post(self._of("datasets", dataset, "versions", version, "tags"), {"tag": tag})

    def push(self, dataset, source, message=None, tags=(), format=None, header=None, path=None, split=None, branch="main", replace=False,
             progress=None, types=None):
        """Brings a file, or a folder with all that is in it, into a dataset as one new version, and answers the version.

        Files are hashed, and only bytes the node lacks are sent: small files together, large ones so that a push that was cut
        off goes on where it was when it is repeated. A file that stands at its path with other bytes is replaced; pushing
        what is there already makes no new version. Nothing is there before all of it is. Hidden files are left out.

        For image datasets the folder of an image is its label. format: csv, jsonl, ... (default: found out). header: whether
        a CSV file's first line names the columns (default: found out). path: where the file stands in the dataset, or the
        folder above all files. replace: the new version holds only this. progress: called with the bytes sent so far.
        types: a dict of columns' types in place of those found: {"zip": "string", "topics": "labels"}.
        """
        files = _local_files(os.fspath(source), path)
        with ThreadPoolExecutor(min(8, os.cpu_count() or 1)) as pool:
            files = [file + (digest,) for file, digest in zip(files, pool.map(lambda file: _digest_of(file[0]), files))]
        uploads = self._of("datasets", dataset, "uploads")
        changed, missing = [], {}
        for start in range(0, len(files), _COMPARED):
            part = files[start:start + _COMPARED]
            found = self._post(uploads + "/compare", {
                "branch": branch, "files": [{"path": name, "blob": "sha256:" + digest, "bytes": size} for _, name, size, digest in part]})
            changed += [part[i] for i in found["changed"]]
            missing.update((part[i][3], part[i]) for i in found["missing"])
        self._send_files(uploads, list(missing.values()), progress)
        about = _given(format=format, header=header, split=split)
        lines = [{"branch": branch, "message": message or "Push " + os.path.basename(os.path.abspath(source)), "tags": list(tags), "replace": replace}]
        if types:
            lines[0]["types"] = ",".join(column + "=" + kind for column, kind in types.items())
        lines += [dict(about, add=name, blob="sha256:" + digest) for _, name, _, digest in (files if replace else changed)]
        body = "\n".join(json.dumps(line) for line in lines).encode()
        return self._json("POST", uploads + "/commit", lambda: body, {"Content-Type": "application/x-ndjson"})

    def _send_files(self, uploads, files, progress):
        sent, batch, size = 0, [], 0
        for file in [file for file in files if file[2] <= _SMALL] + [None]:
            if batch and (file is None or size + file[2] > _BATCH):
                kept = list(batch)
                self._json("POST", uploads + "/files", lambda: _packed(kept), {"Content-Type": "application/octet-stream"})
                sent, batch, size = sent + size, [], 0
                if progress:
                    progress(sent)
            if file is not None:
                batch.append(file)
                size += file[2]
        for file in files:
            if file[2] > _SMALL:
                self._send_large(uploads, file, lambda offset, before=sent: progress and progress(before + offset))
                sent += file[2]

    def _send_large(self, uploads, file, progress):
        path, name, size, digest = file
        key = hashlib.sha256(("%s %s" % (digest, name)).encode()).hexdigest()
        upload = self._post(uploads, {"bytes": size, "sha256": "sha256:" + digest, "key": key})
        one = uploads + "/" + upload["id"]
        failures, pause = 0, _FIRST_PAUSE
        while upload.get("blob") is None and upload["offset"] < size:
            offset = upload["offset"]
            length = min(_PIECE, size - offset)
            try:
                upload = self._json("PUT", one + _query(offset=offset), lambda: _part_of(path, offset, length), {
                    "Content-Type": "application/octet-stream", "Content-Length": str(length)}, repeatable=False)
                failures, pause = 0, _FIRST_PAUSE
                progress(upload["offset"])
            except (Unreachable, NoCapacity, Conflict):
                # The node knows how much of it arrived.
                failures += 1
                if failures >= self._attempts:
                    raise
                time.sleep(pause)
                pause = min(pause * 2, _LONGEST_PAUSE)
                upload = self._get(one)
        if upload.get("blob") is None:
            self._post(one + "/complete", None)

    def download(self, dataset, path, to, version=None):
        """Downloads one file of a version, checks its digest, and answers the local path. `to` is a file or a folder."""
        dataset, version = _reference(dataset, version)
        target = os.path.join(to, os.path.basename(path)) if os.path.isdir(to) else to
        digest = hashlib.sha256()
        part = target + ".part"
        with self._open("GET", self._of("datasets", dataset, "versions", version, "download") + _query(path=path)) as answer:
            expected = (answer.getheader("ETag") or "").strip('"')
            with open(part, "wb") as file:
                for chunk in iter(lambda: answer.read(_CHUNK), b""):
                    digest.update(chunk)
                    file.write(chunk)
        if len(expected) == 64 and expected != digest.hexdigest():
            os.remove(part)
            raise Error("'%s' arrived with other bytes than the node said it has. Download it again." % path)
        os.replace(part, target)
        return target

    # Reading

    def rows(self, dataset, version=None):
        """The rows of a version as dicts, one after the other, in their order. The version may stand in the name: points@v1."""
        dataset, version = _reference(dataset, version)
        return self._pages(self._of("datasets", dataset, "versions", version, "rows"), _PAGE_ROWS)

    def batches(self, dataset, version=None, size=256, columns=None, numpy=False, cache=None):
        """The rows of a version in batches: a dict of lists (or NumPy arrays) by column.

        Rows come in MDS shards, the next ones on their way while you use one. Text is str, images and files are bytes, a
        tensor is nested lists, a missing value None. columns: only these. The last batch may be smaller. With numpy=True
        numbers become int64 or float64 arrays (a missing number NaN), tensors one array, and the rest arrays of objects.
        cache: a folder in which shards are kept by their digest, for the next time.
        """
        dataset, version = _reference(dataset, version)
        if size < 1:
            raise Invalid("A batch has one row at least.", 0, "invalid")
        found = self.version(dataset, version)
        shards = self._shards(dataset, found["commit"])
        if not shards:
            return
        schema = {column["name"]: column for column in found.get("schema", [])}
        known = list(schema) or shards[0]["column_names"]
        for name in columns or ():
            if name not in known:
                raise Invalid("'%s' is no column of %s. Columns: %s." % (name, dataset, ", ".join(known)), 0, "invalid")
        names = list(columns) if columns is not None else known
        kept = {name: [] for name in names}
        for shard, content in self._contents(dataset, found["commit"], shards, cache):
            for row in _samples(shard, content, names, schema, numpy):
                for name, value in zip(names, row):
                    kept[name].append(value)
                if len(kept[names[0]]) == size:
                    yield _arrays(kept, schema) if numpy else kept
                    kept = {name: [] for name in names}
        if kept[names[0]]:
            yield _arrays(kept, schema) if numpy else kept

    def _shards(self, dataset, commit):
        """The shards of a version, made by the node if they are not there yet."""
        path = self._of("datasets", dataset, "versions", commit, "mds")
        status = self._post(path, None)
        while status["state"] not in ("ready", "failed"):
            time.sleep(0.1)
            status = self._get(path)
        if status["state"] == "failed":
            raise Error("The shards of %s cannot be made: %s" % (dataset, status.get("error")))
        return self._get(path + "/index.json")["shards"]

    def _contents(self, dataset, commit, shards, cache):
        """Each shard with its bytes, two of them fetched ahead."""
        def fetch(shard):
            digest = shard["raw_data"]["hashes"]["sha256"]
            local = os.path.join(cache, digest + ".mds") if cache else None
            if local and os.path.exists(local):
                with open(local, "rb") as file:
                    content = file.read()
                if hashlib.sha256(content).hexdigest() == digest:
                    return content
            try:
                with self._open("GET", self._of("datasets", dataset, "versions", commit, "mds", shard["raw_data"]["basename"])) as answer:
                    content = answer.read()
            finally:
                # The thread's connection goes with the thread.
                self._drop()
            if hashlib.sha256(content).hexdigest() != digest:
                raise Error("Shard %s of %s arrived with other bytes than the node said it has. Read again." % (shard["raw_data"]["basename"], dataset))
            if local:
                os.makedirs(cache, exist_ok=True)
                part = "%s.%s.part" % (local, uuid.uuid4().hex)
                with open(part, "wb") as file:
                    file.write(content)
                os.replace(part, local)
            return content

        with ThreadPoolExecutor(2) as pool:
            coming = []
            waiting = iter(shards)
            try:
                for shard in shards:
                    while len(coming) < 3:
                        following = next(waiting, None)
                        if following is None:
                            break
                        coming.append(pool.submit(fetch, following))
                    yield shard, coming.pop(0).result()
            finally:
                for future in coming:
                    future.cancel()

    # Selections

    def select(self, dataset, tags=None, versions=None, branch=None, splits=None, label_column=None, include=None, exclude=None,
               filter=None, rows=None, fraction=None, seed=0, dry_run=False):
        """Makes a snapshot of what a query selects, and answers what it came to; the same query answers the same version.

        tags: the rows that the commits carrying all of these brought; versions: those that these commits brought; neither: all
        rows of the newest version, or of `branch`. include, exclude: labels. filter: a condition over the columns, for
        example 'x > 3 && side == "above"'. rows or fraction: a sample, chosen by the seed. dry_run: only count.
        """
        query = {"tags": tags, "versions": versions, "branch": branch, "splits": splits, "filter": filter}
        if label_column or include or exclude:
            query["labels"] = _given(column=label_column, include=include, exclude=exclude)
        if rows or fraction:
            query["sample"] = _given(rows=rows, fraction=fraction, seed=seed)
        path = self._of("datasets", dataset, "selections") + _query(dryRun="true" if dry_run else None)
        return self._post(path, query)

    def labels(self, dataset, version=None, column=None):
        """The labels of a version in the order of their ids, or None where the column is no label."""
        dataset, version = _reference(dataset, version)
        return self._get(self._of("datasets", dataset, "versions", version, "labels") + _query(column=column)).get("labels")

    # Training

    def train(self, **spec):
        """Starts a training run and answers it at once. The arguments are the fields of a run's file, for example
        dataset="digits@v1", network={"family": "mlp"}, epochs=20, seed=7, registerAs="digits"."""
        return self._post(self._of("training-runs"), spec)

    def runs(self, status=None):
        """Training runs, newest first; status: queued, running, completed, failed, cancelled."""
        return self._pages(self._of("training-runs") + _query(status=status))

    def run(self, run):
        """One run as it stands now."""
        return self._get(self._of("training-runs", run))

    def watch(self, run, every=1.0):
        """The run again and again, whenever its status or progress changed, until it has ended."""
        told = None
        while True:
            now = self._get(self._of("training-runs", run) + _query(waitSeconds=every))
            seen = (now["status"], json.dumps(now.get("progress"), sort_keys=True), now.get("reason"))
            if seen != told:
                told = seen
                yield now
            if now["status"] in _ENDED:
                return

    def wait(self, run, timeout=None):
        """Waits for the end of a run and answers it. Raises RunFailed when it did not complete, TimeoutError after `timeout` seconds."""
        deadline = None if timeout is None else time.monotonic() + timeout
        while True:
            patience = 30.0 if deadline is None else min(30.0, max(0.0, deadline - time.monotonic()))
            now = self._get(self._of("training-runs", run) + _query(waitSeconds=patience))
            if now["status"] == "completed":
                return now
            if now["status"] in _ENDED:
                raise RunFailed("Training run '%s' %s: %s" % (
                    now["name"], "failed" if now["status"] == "failed" else "was cancelled", now.get("reason", "no reason was given")), now)
            if deadline is not None and time.monotonic() >= deadline:
                raise TimeoutError("Training run '%s' is still %s after %s seconds." % (now["name"], now["status"], timeout))

    def cancel(self, run):
        """Stops a run at its next step."""
        return self._post(self._of("training-runs", run, "cancel"), None)

    def metrics(self, run, name=None):
        """Metric points of a run in order of step; name: only this metric, for example train.loss."""
        return self._pages(self._of("training-runs", run, "metrics") + _query(name=name))

    def artifact(self, run, file):
        """The bytes of a file that a run left, for example model.onnx."""
        with self._open("GET", self._of("training-runs", run, "artifact", file)) as answer:
            return answer.read()

    def logs(self, run):
        """The lines a run wrote."""
        return self._pages(self._of("training-runs", run, "logs"))

    # Serving

    def deploy(self, name, model, wait=True, timeout=120.0, **more):
        """Serves a model version (`name@3`, `name@alias`, `name`) as a deployment; with wait until it answers."""
        made = self._post(self._of("deployments"), dict(more, name=name, model=model))
        deadline = time.monotonic() + timeout
        while wait and made["status"] != "ready":
            if made["status"] == "failed":
                raise Error("Deployment '%s' failed: %s" % (name, made.get("reason", "no reason was given")))
            if time.monotonic() >= deadline:
                raise TimeoutError("Deployment '%s' is still %s after %s seconds." % (name, made["status"], timeout))
            time.sleep(0.1)
            made = self.deployment(name)
        return made

    def deployment(self, name):
        """One deployment as it stands now."""
        return self._get(self._of("deployments", name))

    def predict(self, deployment, rows, top=1):
        """Predicts raw rows (lists of values in the order of the columns, or dicts by column).

        Answers a list per row of the `top` best {"label", "score"}, best first."""
        return self.predict_full(deployment, rows, top)["predictions"]

    def predict_full(self, deployment, rows, top=1):
        """As `predict`, with the whole answer: model version and inference id, from which lineage leads back to the rows."""
        return self._post(self._of("deployments", deployment, "predict"), {"rows": _plain(rows), "top": top}, repeatable=True)

    def events(self, after=0, limit=100):
        """Up to `limit` events of the project after a sequence number, oldest first."""
        return self._get(self._of("events") + _query(after=after, limit=limit))["items"]

    # Calls

    def _of(self, *parts):
        return "/v1/projects/%s/%s" % (_quoted(self.project), "/".join(_quoted(part) for part in parts))

    def _get(self, path):
        return self._json("GET", path)

    def _post(self, path, body, repeatable=True):
        content = b"" if body is None else json.dumps({k: v for k, v in body.items() if v is not None}).encode()
        return self._json("POST", path, lambda: content, {"Content-Type": "application/json"}, repeatable)

    def _pages(self, path, size=200):
        token = None
        while True:
            more = _query(pageSize=size, pageToken=token)
            page = self._get(path + (more.replace("?", "&", 1) if "?" in path else more))
            for item in page["items"]:
                yield item
            token = page.get("nextPageToken")
            if token is None:
                return

    def _json(self, method, path, body=None, headers=None, repeatable=True):
        with self._open(method, path, body, headers, repeatable) as answer:
            text = answer.read()
        return json.loads(text) if text else None

    @contextlib.contextmanager
    def _open(self, method, path, body=None, headers=None, repeatable=True):
        """Sends a call, tries again while the node is away or busy, and hands out the answer to be read."""
        head = {"odl-project": self.project, "Accept": "application/json", "User-Agent": "odl.py"}
        if self._token:
            head["Authorization"] = "Bearer " + self._token
        if method != "GET":
            # The same key on every try: what was made on a try whose answer was lost is answered again.
            head["Idempotency-Key"] = str(uuid.uuid4())
        head.update(headers or {})
        pause = _FIRST_PAUSE
        for attempt in range(1, self._attempts + 1):
            last = attempt == self._attempts or not repeatable
            if not repeatable:
                # Nothing tells a kept connection that was closed from one whose answer was lost: this call begins a new one.
                self._drop()
            connection, reused = self._connection()
            try:
                try:
                    self._send(connection, method, path, body() if body else None, head)
                    answer = connection.getresponse()
                except (BrokenPipeError, ConnectionResetError):
                    # A node that refuses an upload answers before it has read all of it.
                    answer = connection.getresponse()
            except (OSError, http.client.HTTPException) as problem:
                self._drop()
                if not reused and last:
                    raise Unreachable("%s did not answer %s %s: %s. Check the address, and that a node is up there ('odl up')." % (
                        self.url, method, path.split("?")[0], problem or type(problem).__name__), 0, "unreachable") from None
                if reused:
                    # The node had closed a connection that was kept: that is no failed try.
                    continue
            else:
                if answer.status < 300:
                    try:
                        yield answer
                    except BaseException:
                        self._drop()
                        raise
                    if not answer.isclosed():
                        self._drop()
                    return
                problem = _problem(answer, method, path)
                if answer.will_close or not answer.isclosed():
                    self._drop()
                if answer.status != 503 or last:
                    raise problem
            time.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE)
        raise Unreachable("%s did not answer %s %s. Check the address, and that a node is up there ('odl up')." % (self.url, method, path.split("?")[0]))

    @staticmethod
    def _send(connection, method, path, body, headers):
        chunked = body is not None and not isinstance(body, bytes) and "Content-Length" not in headers
        if chunked:
            headers = dict(headers, **{"Transfer-Encoding": "chunked"})
        connection.request(method, path, body=body, headers=headers, encode_chunked=chunked)

    def _connection(self):
        kept = getattr(self._local, "connection", None)
        if kept is not None:
            return kept, True
        parts = self._parts
        make = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        more = {"context": ssl.create_default_context()} if parts.scheme == "https" else {}
        self._local.connection = make(parts.hostname, parts.port, timeout=self._timeout, **more)
        return self._local.connection, False

    def _drop(self):
        kept = getattr(self._local, "connection", None)
        self._local.connection = None
        if kept is not None:
            kept.close()


def _reference(dataset, version):
    name, _, inside = dataset.partition("@")
    return name, version or inside or "latest"


def _problem(answer, method, path):
    text = answer.read(1 << 20)
    try:
        document = json.loads(text)
    except ValueError:
        document = {}
    if not isinstance(document, dict):
        document = {}
    code = document.get("code") or {400: "invalid", 401: "unauthorized", 403: "forbidden", 404: "not-found", 409: "conflict",
                                    412: "precondition-failed", 413: "too-large", 503: "no-capacity"}.get(answer.status, "internal")
    message = document.get("detail") or document.get("error") or document.get("title") or (
        "%s %s was answered with %s %s." % (method, path.split("?")[0], answer.status, answer.reason))
    return _KINDS.get(code, Error)(message, answer.status, code)


def _address_in(folder):
    try:
        with open(os.path.join(folder, "node.json"), encoding="utf-8") as file:
            return json.load(file).get("url")
    except (OSError, ValueError):
        return None


def _token_in(folder):
    try:
        with open(os.path.join(folder, "admin.token"), encoding="utf-8") as file:
            return file.read().strip()
    except OSError:
        return None


def _quoted(part):
    return urllib.parse.quote(str(part), safe="")


def _query(**parameters):
    given = [(name, str(value)) for name, value in parameters.items() if value is not None]
    return "?" + urllib.parse.urlencode(given) if given else ""


def _given(**fields):
    return {name: value for name, value in fields.items() if value is not None}


def _plain(value):
    """NumPy's arrays and numbers as JSON knows them."""
    if hasattr(value, "tolist"):
        return value.tolist()
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value


def _local_files(source, path):
    """(local path, path in the dataset, size) of a file, or of every file below a folder, in the order of paths."""
    if os.path.isfile(source):
        found = [(source, path or os.path.basename(source))]
    elif os.path.isdir(source):
        found = []
        for root, folders, names in os.walk(source):
            folders[:] = [name for name in folders if not name.startswith(".")]
            for name in names:
                if not name.startswith("."):
                    local = os.path.join(root, name)
                    below = os.path.relpath(local, source).replace(os.sep, "/")
                    found.append((local, path.rstrip("/") + "/" + below if path else below))
        if not found:
            raise Invalid("The folder '%s' holds no file." % source, 0, "invalid")
    else:
        raise Invalid("There is no file or folder '%s'." % source, 0, "invalid")
    return sorted(((local, name, os.path.getsize(local)) for local, name in found), key=lambda file: file[1].encode())


def _digest_of(path):
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        for chunk in iter(lambda: file.read(_CHUNK), b""):
            digest.update(chunk)
    return digest.hexdigest()


def _packed(files):
    """Many files as one body: the length of each, its digest, its bytes."""
    for path, _, size, digest in files:
        with open(path, "rb") as file:
            content = file.read()
        if len(content) != size:
            raise Error("The file '%s' changed while it was pushed. Push again." % path)
        yield struct.pack("<I", size) + bytes.fromhex(digest)
        if content:
            yield content


def _part_of(path, offset, length):
    with open(path, "rb") as file:
        file.seek(offset)
        while length:
            chunk = file.read(min(length, _CHUNK))
            if not chunk:
                raise Error("The file '%s' became shorter while it was pushed. Push again." % path)
            length -= len(chunk)
            yield chunk


_NUMBERS = {
    "uint8": "B", "int8": "b", "uint16": "H", "int16": "h", "uint32": "I", "int32": "i", "uint64": "Q", "int64": "q", "float32": "f",
    "float64": "d",
}


def _samples(shard, content, names, schema, numpy):
    """The rows of an MDS shard: u32 count, u32 offsets, the configuration, then per row a u32 size for each column whose
    values differ in size, and the values in the order of the columns. A column x.null says where x is missing."""
    count = struct.unpack_from("<I", content)[0]
    offsets = struct.unpack_from("<%dI" % (count + 1), content, 4)
    sizes = shard["column_sizes"]
    stored = {name: i for i, name in enumerate(shard["column_names"])}
    sized = sum(1 for size in sizes if size is None)
    heads = struct.Struct("<%dI" % sized)
    wanted = [(stored[name], _decoder(shard["column_encodings"][stored[name]], schema.get(name), numpy), stored.get(_mask_of(name, schema))) for name in names]
    for start in offsets[:-1]:
        lengths = iter(heads.unpack_from(content, start))
        at, places = start + heads.size, []
        for size in sizes:
            length = next(lengths) if size is None else size
            places.append((at, length))
            at += length
        yield [
            None if mask is not None and content[places[mask][0]] else decode(content, *places[place])
            for place, decode, mask in wanted]


def _mask_of(name, schema):
    if not schema.get(name, {}).get("nullable"):
        return None
    mask = name + ".null"
    while mask in schema:
        mask += ".null"
    return mask


def _decoder(encoding, column, numpy):
    kind, _, rest = encoding.partition(":")
    if kind == "str":
        return lambda content, at, length: content[at:at + length].decode("utf-8")
    if kind in ("bytes", "png", "jpeg"):
        return lambda content, at, length: content[at:at + length]
    if kind == "ndarray":
        element, _, shape = rest.partition(":")
        shape = [int(size) for size in shape.split(",") if size]
        if numpy:
            import numpy as np
            return lambda content, at, length: np.frombuffer(content, "<" + np.dtype(element).str[1:], length // np.dtype(element).itemsize, at).reshape(shape)
        code = _NUMBERS[element]
        return lambda content, at, length: _nested(struct.unpack_from("<%d%s" % (length // struct.calcsize(code), code), content, at), shape)
    if (column or {}).get("type") == "bool":
        return lambda content, at, length: content[at] != 0
    number = struct.Struct("<" + _NUMBERS[kind])
    return lambda content, at, length: number.unpack_from(content, at)[0]


def _nested(flat, shape):
    if len(shape) == 0:
        return flat[0]
    if len(shape) == 1:
        return list(flat)
    step = len(flat) // shape[0] if shape[0] else 0
    return [_nested(flat[i * step:(i + 1) * step], shape[1:]) for i in range(shape[0])]


def _arrays(batch, schema):
    import numpy as np
    arrays = {}
    for name, values in batch.items():
        kind = schema.get(name, {}).get("type")
        if kind == "int64" and None not in values:
            arrays[name] = np.array(values, dtype=np.int64)
        elif kind in ("int64", "float64"):
            arrays[name] = np.array([float("nan") if value is None else float(value) for value in values], dtype=np.float64)
        elif kind == "bool" and None not in values:
            arrays[name] = np.array(values, dtype=np.bool_)
        elif values and all(isinstance(value, np.ndarray) for value in values):
            arrays[name] = np.stack(values)
        else:
            arrays[name] = np.empty(len(values), dtype=object)
            arrays[name][:] = values
    return arrays
