"""Checks of odl.py against a real node: run by PythonTests, or by hand with ODL_DATA naming the node's folder."""
import json
import os
import socket
import struct
import threading
import zlib

import odl

client = odl.Client()


def raises(kind, call, part):
    try:
        call()
    except kind as problem:
        assert part in str(problem), "%r does not say %r" % (str(problem), part)
        return problem
    raise AssertionError("nothing was raised")


# Errors have kinds, words and status.
problem = raises(odl.NotFound, lambda: client.dataset("nothing"), "There is no dataset 'nothing'")
assert problem.status == 404 and problem.code == "not-found"
raises(odl.Unauthorized, lambda: odl.Client(client.url, "wrong").whoami(), "token")
raises(odl.Invalid, lambda: client.create_dataset("no good name!"), "no good name!")
raises(odl.Invalid, lambda: client.push("nothing", "missing.csv"), "There is no file or folder 'missing.csv'")
raises(odl.Unreachable, lambda: odl.Client("http://127.0.0.1:1", "t", attempts=2).whoami(), "did not answer")
raises(odl.Invalid, lambda: odl.Client("127.0.0.1:8080"), "is no address")

# A table in two files, pushed and read back whatever the size of the batches; the same bytes again make no version.
with open("a.csv", "w", encoding="utf-8") as file:
    file.write("n,text,label\n" + "".join("%d,\"row, %d\",%s\n" % (i, i, "even" if i % 2 == 0 else "odd") for i in range(1500)))
with open("b.jsonl", "w", encoding="utf-8") as file:
    for i in range(1500, 1600):
        file.write(json.dumps({"n": i, "text": "zeile %d ü" % i, "label": "even" if i % 2 == 0 else "odd"}) + "\n")
client.create_dataset("table", description="Rows to count")
sent = []
first = client.push("table", "a.csv", tags=["one"], progress=sent.append)
assert first["version"] == 1 and sent[-1] == os.path.getsize("a.csv"), (first, sent)
assert client.push("table", "a.csv")["version"] == 1
assert client.push("table", "b.jsonl")["version"] == 2
assert [row["n"] for row in client.rows("table")] == list(range(1600))
for size in (1, 7, 1000, 5000):
    batches = list(client.batches("table", size=size))
    assert [n for batch in batches for n in batch["n"]] == list(range(1600)), size
    assert all(len(batch["text"]) == len(batch["n"]) <= size for batch in batches)
assert list(client.batches("table", version="one", size=2, columns=["label"]))[0] == {"label": ["even", "odd"]}
assert list(client.rows("table"))[1599]["text"] == "zeile 1599 ü"
raises(odl.Invalid, lambda: next(client.batches("table", columns=["nope"])), "'nope' is no column of table")
assert [found["version"] for found in client.versions("table")] == [2, 1]
assert client.tag("table", "v2", "golden")["tags"] == ["golden"]
assert client.download("table", "a.csv", "again.csv", version="golden") == "again.csv"
assert open("again.csv", "rb").read() == open("a.csv", "rb").read()
assert {column["name"] for column in client.statistics("table")} == {"n", "text", "label"}

# A folder keeps its paths, and a file larger than a chunk arrives whole.
os.makedirs("folder/deep/er")
for name, size in (("folder/large.bin", 3_000_001), ("folder/deep/er/small.txt", 5), ("folder/ä name.txt", 511)):
    with open(name, "wb") as file:
        file.write(bytes(i * 7 % 251 for i in range(1000)) * (size // 1000 + 1))
        file.truncate(size)
client.create_dataset("folder", kind="files")
pushed = client.push("folder", "folder")
assert pushed["files"] == 3, pushed
assert [found["path"] for found in client.files("folder")] == ["deep/er/small.txt", "large.bin", "ä name.txt"]
client.download("folder", "large.bin", ".")
assert open("large.bin", "rb").read() == open("folder/large.bin", "rb").read()
again = []
assert client.push("folder", "folder", progress=again.append)["version"] == 1 and not again

# A large file goes in pieces; one that was cut off goes on where it was, and what the node has is never sent again.
odl._SMALL, odl._PIECE = 1 << 20, 1 << 20
with open("folder/huge.bin", "wb") as file:
    file.write(os.urandom(5_500_000))
sent = []


def stop(offset):
    sent.append(offset)
    if len(sent) == 2:
        raise KeyboardInterrupt


try:
    client.push("folder", "folder", progress=stop)
    raise AssertionError("it was not cut off")
except KeyboardInterrupt:
    pass
more = []
assert client.push("folder", "folder", progress=more.append)["files"] == 4
assert sent == [1 << 20, 2 << 20] and more[0] == 3 << 20 and more[-1] == 5_500_000, (sent, more)
client.download("folder", "huge.bin", "huge.bin")
assert open("huge.bin", "rb").read() == open("folder/huge.bin", "rb").read()
copied = []
assert client.push("folder", "huge.bin", path="copies/huge.bin", progress=copied.append)["files"] == 5 and not copied
assert client.push("folder", "a.csv", replace=True)["files"] == 1

# Missing values, truths, images and files come out of the shards as what they are; a cache is used again.
with open("mixed.jsonl", "w", encoding="utf-8") as file:
    for i in range(300):
        file.write(json.dumps({"n": i if i % 3 else None, "f": i / 4, "b": i % 2 == 0, "t": None if i % 5 == 0 else "ü%d" % i}) + "\n")
client.create_dataset("mixed")
client.push("mixed", "mixed.jsonl")
for _ in range(2):
    rows = [dict(zip(batch, values)) for batch in client.batches("mixed", size=64, cache="cache") for values in zip(*batch.values())]
    assert rows == [json.loads(line) for line in open("mixed.jsonl", encoding="utf-8")]
assert os.listdir("cache")


def png(shade):
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 2, 2, 8, 0, 0, 0, 0)) + chunk(b"IDAT", zlib.compress(bytes([0, shade, shade, 0, shade, shade]))) + chunk(b"IEND", b"")


os.makedirs("pets/cat")
os.makedirs("pets/dog")
for i in range(6):
    with open("pets/%s/%d.png" % ("cat" if i < 3 else "dog", i), "wb") as file:
        file.write(png(i))
client.create_dataset("pets", kind="image")
assert client.push("pets", "pets")["rows"] == 6
assert list(client.batches("pets", size=4)) == [
    {"image": [png(0), png(1), png(2), png(3)], "label": ["cat"] * 3 + ["dog"]}, {"image": [png(4), png(5)], "label": ["dog"] * 2}]
client.create_dataset("plain", kind="files")
client.push("plain", "a.csv")
assert next(client.batches("plain")) == {"content": [open("a.csv", "rb").read()], "path": ["a.csv"]}

# NumPy is used where it is; where it is not, the error is Python's own.
try:
    import numpy
except ImportError:
    raises(ImportError, lambda: next(client.batches("table", numpy=True)), "numpy")
else:
    batch = next(client.batches("table", size=3, numpy=True))
    assert batch["n"].dtype == numpy.int64 and batch["n"].tolist() == [0, 1, 2] and batch["label"].tolist() == ["even", "odd", "even"]

# A run that fails says why; a run that is cancelled has ended; waiting can be given up.
client.push("table", "a.csv", path="more.csv")
raises(odl.Invalid, lambda: client.train(dataset="table@one", network={"family": "mlp"}, input={"label": "nope"}), "nope")
run = client.train(dataset="table@one", network={"family": "mlp"})
failed = raises(odl.RunFailed, lambda: client.wait(run["name"]), "different texts")
assert failed.run["status"] == "failed"
run = client.train(dataset="table@one", network={"family": "textbag"}, input={"columns": ["text"]}, epochs=1_000_000)
raises(TimeoutError, lambda: client.wait(run["id"], timeout=0.2), "is still")
client.cancel(run["id"])
raises(odl.RunFailed, lambda: client.wait(run["id"], timeout=60), "was cancelled")
assert any(found["id"] == run["id"] for found in client.runs("cancelled"))

# A selection is a snapshot made once; a run can bring its own, and its classes are in the order of the version's list.
client.create_dataset("kinds", kind="text")
for part, labels in (("one", ["zebra", "mole"]), ("two", ["ape", "zebra"]), ("three", ["bat"])):
    with open(part + ".csv", "w", encoding="utf-8") as file:
        file.write("".join("says %s number %d,%s\n" % (label, i, label) for label in labels for i in range(40)))
    client.push("kinds", part + ".csv", tags=["animals", part], header=False)
counted = client.select("kinds", tags=["animals"], exclude=["mole"], dry_run=True)
assert counted["rows"] == 160 and counted["filesCut"] == 1 and "version" not in counted, counted
chosen = client.select("kinds", tags=["animals"], exclude=["mole"])
assert chosen["version"]["rows"] == 160 and client.select("kinds", tags=["animals"], exclude=["mole"])["version"]["commit"] == chosen["version"]["commit"]
assert client.labels("kinds", "v%d" % chosen["version"]["version"]) == ["zebra", "ape", "bat"]
assert client.labels("kinds") == ["mole", "zebra", "ape", "bat"]
assert client.labels("kinds", "v2") == client.labels("kinds@v2") == ["mole", "zebra", "ape"]
assert client.version("kinds@v2")["version"] == 2 and len(client.statistics("kinds@v2")) == 2
assert [file["path"] for file in client.files("kinds@v1")] == [file["path"] for file in client.files("kinds", "v1")]
run = client.wait(client.train(
    dataset="kinds", selection={"tags": ["animals"], "labels": {"exclude": ["mole"]}}, network={"family": "textbag"}, epochs=2)["name"])
assert run["datasetCommit"] == chosen["version"]["commit"] and run["spec"]["selection"]["tags"] == ["animals"], run
assert json.loads(client.artifact(run["name"], "pipeline.json"))["labels"] == ["zebra", "ape", "bat"]
run = client.wait(client.train(dataset="kinds@v2", network={"family": "textbag"}, epochs=2)["name"])
assert json.loads(client.artifact(run["name"], "pipeline.json"))["labels"] == ["mole", "zebra", "ape"]
raises(odl.NotFound, lambda: client.train(dataset="kinds", selection={"tags": ["none"]}, network={"family": "textbag"}), "carries the tag 'none'")

# Threads share a client.
counts = []
threads = [threading.Thread(target=lambda: counts.append(sum(1 for _ in client.rows("table")))) for _ in range(4)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
assert counts == [3100] * 4, counts


# Between client and node stands someone who cuts every connection's first answer: each call is made once all the same.
def forward(listener, host, port):
    cut = set()
    while True:
        try:
            near, _ = listener.accept()
        except OSError:
            return
        far = socket.create_connection((host, port))
        request = b""
        while b"\r\n\r\n" not in request:
            request += near.recv(65536)
        head, _, body = request.partition(b"\r\n\r\n")
        length = [int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length:")]
        while length and len(body) < length[0]:
            body += near.recv(65536)
        line = head.split(b"\r\n")[0]
        far.sendall(head.replace(b"Accept:", b"Connection: close\r\nAccept:", 1) + b"\r\n\r\n" + body)
        answer = b""
        while True:
            some = far.recv(65536)
            if not some:
                break
            answer += some
        if line in cut:
            near.sendall(answer)
        cut.add(line)
        near.close()
        far.close()


listener = socket.create_server(("127.0.0.1", 0))
threading.Thread(target=forward, args=(listener, client._parts.hostname, client._parts.port), daemon=True).start()
cutting = odl.Client("http://127.0.0.1:%d" % listener.getsockname()[1])
made = cutting.create_dataset("made-once")
assert made["name"] == "made-once" and made["latestVersion"] == 0
assert cutting.dataset("made-once")["id"] == made["id"]
listener.close()
