"""Reads a folder of MDS v2 shards as the format's description says, and compares every value with what went in.

    read_mds.py FOLDER expected.jsonl               one object a row; bytes as {"hex": "..."}, missing values as null
    read_mds.py FOLDER IMAGES.gz LABELS.gz ...      pairs of packed IDX files, one after the other

Standard library only. It shares nothing with odl.py or the writer: two readings of one format check each other.
"""
import gzip
import hashlib
import json
import os
import struct
import sys

SHARD = {"column_encodings", "column_names", "column_sizes", "compression", "format", "hashes", "raw_data", "samples", "size_limit", "version", "zip_data"}
CONFIG = SHARD - {"raw_data", "samples", "zip_data"}
SCALARS = {"int64": "<q", "float64": "<d", "uint8": "<B"}
ELEMENTS = {"uint8": "B", "int8": "b", "int16": "h", "int32": "i", "int64": "q", "float32": "f", "float64": "d"}


def check(true, *says):
    if not true:
        sys.exit("mds: " + " ".join(str(part) for part in says))


def load(text):
    """JSON as Python's writer writes it: keys sorted, ASCII, and the very same text again."""
    value = json.loads(text)
    check(json.dumps(value, sort_keys=True) == text, "the JSON is not what json.dumps(sort_keys=True) gives:", text[:200])
    return value


def samples(folder):
    """Yields each sample as {column: bytes}, with the encodings."""
    with open(os.path.join(folder, "index.json"), encoding="ascii") as file:
        index = load(file.read())
    check(set(index) == {"shards", "version"} and index["version"] == 2, "index.json has", sorted(index))
    named = {shard["raw_data"]["basename"] for shard in index["shards"]}
    check(named | {"index.json"} == set(os.listdir(folder)), "the folder has", sorted(os.listdir(folder)), "and the index", sorted(named))
    for shard in index["shards"]:
        check(set(shard) == SHARD and shard["version"] == 2 and shard["format"] == "mds", "a shard of the index has", sorted(shard))
        check(shard["compression"] is None and shard["zip_data"] is None, "a shard is packed")
        raw, names = shard["raw_data"], shard["column_names"]
        with open(os.path.join(folder, raw["basename"]), "rb") as file:
            data = file.read()
        check(len(data) == raw["bytes"], raw["basename"], "has", len(data), "bytes, the index says", raw["bytes"])
        check(raw["hashes"] == {"sha256": hashlib.sha256(data).hexdigest()} and shard["hashes"] == ["sha256"], raw["basename"], "has another digest")
        check(names == sorted(names), "columns are not sorted:", names)
        check("pkl" not in shard["column_encodings"], "a column is pickled")
        count, = struct.unpack_from("<I", data)
        check(count == shard["samples"] and count > 0, raw["basename"], "has", count, "samples, the index says", shard["samples"])
        check(count == 1 or len(data) <= shard["size_limit"], raw["basename"], "is larger than its limit")
        offsets = struct.unpack_from("<%dI" % (count + 1), data, 4)
        config = load(data[4 * (count + 2):offsets[0]].decode("ascii"))
        check(set(config) == CONFIG and all(config[key] == shard[key] for key in CONFIG), "the shard's configuration is not the index's:", config)
        check(offsets[-1] == len(data), "the last offset is", offsets[-1], "of", len(data))
        encodings = dict(zip(names, shard["column_encodings"]))
        for begin, end in zip(offsets, offsets[1:]):
            at, sizes = begin, []
            for size in shard["column_sizes"]:
                if size is None:
                    size, = struct.unpack_from("<I", data, at)
                    at += 4
                sizes.append(size)
            sample = {}
            for name, size in zip(names, sizes):
                sample[name] = data[at:at + size]
                at += size
            check(at == end, "a sample ends at", at, "and the next begins at", end)
            yield sample, encodings


def decode(encoding, data):
    name, *rest = encoding.split(":")
    if name in SCALARS:
        return struct.unpack(SCALARS[name], data)[0]
    if name == "str":
        return data.decode("utf-8")
    if name == "ndarray":
        element, shape = rest[0], [int(size) for size in rest[1].split(",")]
        values = struct.unpack("<%d%s" % (len(data) // struct.calcsize("<" + ELEMENTS[element]), ELEMENTS[element]), data)
        for size in reversed(shape[1:]):
            values = [values[i:i + size] for i in range(0, len(values), size)]
        check(len(values) == shape[0], "an array has", len(values), "of", shape)
        return json.loads(json.dumps(values))
    check(name in ("bytes", "png", "jpeg"), "there is no encoding", encoding)
    return {"hex": data.hex()}


def same(left, right):
    if isinstance(left, float):
        return isinstance(right, (int, float)) and struct.pack("<d", left) == struct.pack("<d", right)
    return type(left) is type(right) and left == right


def compare_rows(folder, path):
    with open(path, encoding="utf-8") as file:
        expected = [json.loads(line) for line in file]
    number = 0
    for sample, encodings in samples(folder):
        check(number < len(expected), "there are more than", len(expected), "rows")
        row = expected[number]
        masks = {name + ".null" for name in row if name + ".null" in sample}
        check(set(sample) == set(row) | masks, "row", number, "has the columns", sorted(sample))
        for name, wanted in row.items():
            missing = name + ".null" in masks and decode(encodings[name + ".null"], sample[name + ".null"]) == 1
            check(missing == (wanted is None), "row", number, name, "is missing:", missing)
            if missing:
                check(not sample[name].strip(b"\0"), "row", number, name, "is missing, and holds", sample[name])
                continue
            found = decode(encodings[name], sample[name])
            if isinstance(wanted, bool):
                wanted = int(wanted)
            check(same(found, wanted), "row", number, name, "is", found, "and should be", wanted)
        number += 1
    check(number == len(expected), "there are", number, "rows of", len(expected))
    return number


def compare_idx(folder, paths):
    pairs = [(gzip.open(paths[i]).read(), gzip.open(paths[i + 1]).read()) for i in range(0, len(paths), 2)]
    expected = [(images[16 + i * 784:16 + (i + 1) * 784], labels[8 + i]) for images, labels in pairs for i in range(len(labels) - 8)]
    number = 0
    for sample, encodings in samples(folder):
        check(encodings == {"image": "ndarray:uint8:28,28", "label": "int64"}, "the encodings are", encodings)
        check(number < len(expected), "there are more than", len(expected), "rows")
        check((sample["image"], decode("int64", sample["label"])) == expected[number], "row", number, "differs")
        number += 1
    check(number == len(expected), "there are", number, "rows of", len(expected))
    return number


rows = compare_rows(sys.argv[1], sys.argv[2]) if len(sys.argv) == 3 else compare_idx(sys.argv[1], sys.argv[2:])
print(rows, "rows are equal")
