"""Checks a Croissant 1.1 record strictly, and fetches every file that it names.

    check_croissant.py RECORD.json                  ODL_TOKEN in the environment is sent to the addresses of the files

Standard library only: written from the format's description, it shares nothing with what wrote the record.
"""
import hashlib
import json
import os
import re
import sys
import urllib.parse
import urllib.request

DATASET = ["@context", "@type", "conformsTo", "name", "description", "license", "url", "creator", "datePublished", "distribution"]
FILE = ["@id", "name", "contentUrl", "contentSize", "encodingFormat", "sha256"]
TYPES = {"sc:Boolean", "sc:Integer", "sc:Float", "sc:Text", "sc:ImageObject", "sc:Date", "sc:URL"}
# Terms of schema.org that need no entry in the context: @vocab covers them.
SCHEMA_ORG = {"name", "description", "license", "url", "creator", "datePublished", "distribution", "version", "contentUrl", "contentSize", "encodingFormat", "sha256"}


def check(true, *says):
    if not true:
        sys.exit("croissant: " + " ".join(str(part) for part in says))


def web(text):
    return urllib.parse.urlsplit(text).scheme in ("http", "https") and bool(urllib.parse.urlsplit(text).netloc)


def pairs(found):
    names = [name for name, _ in found]
    check(len(names) == len(set(names)), "a name stands twice in one object:", names)
    return dict(found)


with open(sys.argv[1], encoding="utf-8") as file:
    record = json.load(file, object_pairs_hook=pairs)

for name in DATASET:
    check(record.get(name), "the dataset has no", name)
context = record["@context"]
check(context["@vocab"] in ("http://schema.org/", "https://schema.org/"), "@vocab is", context["@vocab"])
check(context["cr"] == "http://mlcommons.org/croissant/" and context["dct"] == "http://purl.org/dc/terms/", "cr is", context["cr"])
check(context["conformsTo"] == "dct:conformsTo" and context["dataType"] == {"@id": "cr:dataType", "@type": "@vocab"}, "conformsTo or dataType are not as they must be")


def terms(node):
    if isinstance(node, dict):
        for name, value in node.items():
            check(name.startswith("@") or name in SCHEMA_ORG or name in context, "the context does not know", name)
            terms(value)
    elif isinstance(node, list):
        for value in node:
            terms(value)


terms({name: value for name, value in record.items() if name != "@context"})
check(record["@type"] == "sc:Dataset", "@type is", record["@type"])
check(record["conformsTo"] == "http://mlcommons.org/croissant/1.1", "conformsTo is", record["conformsTo"])
check(web(record["license"]) and web(record["url"]), "license or url are no addresses")
check(record["creator"]["@type"] in ("Person", "Organization") and record["creator"]["name"], "creator is", record["creator"])
check(re.fullmatch(r"\d{4}-\d\d-\d\d", record["datePublished"]), "datePublished is", record["datePublished"])
check(re.fullmatch(r"\d+\.\d+\.\d+", record["version"]), "version is", record["version"])

ids = set()


def identify(node):
    check(node["@id"] not in ids, "the @id", node["@id"], "stands twice")
    ids.add(node["@id"])


fetched = 0
for found in record["distribution"]:
    identify(found)
    check(re.fullmatch(r"[a-z]+/[a-z0-9.+-]+", found.get("encodingFormat", "")), found["@id"], "has the media type", found.get("encodingFormat"))
    if found["@type"] == "cr:FileSet":
        check(found.get("includes"), "the set of files", found["@id"], "includes nothing")
        continue
    check(found["@type"] == "cr:FileObject", "a part of the distribution is a", found["@type"])
    for name in FILE:
        check(found.get(name), found["@id"], "has no", name)
    check(re.fullmatch(r"\d+ B", found["contentSize"]) and re.fullmatch(r"[0-9a-f]{64}", found["sha256"]), found["@id"], "has a strange size or digest")
    request = urllib.request.Request(found["contentUrl"], headers={"Authorization": "Bearer " + os.environ["ODL_TOKEN"]})
    with urllib.request.urlopen(request) as answer:
        data = answer.read()
    check(len(data) == int(found["contentSize"][:-2]) and hashlib.sha256(data).hexdigest() == found["sha256"], found["@id"], "is not the file that was announced")
    fetched += 1
check(fetched, "there are no files")

distribution = set(ids)
fields = 0
for records in record["recordSet"]:
    check(records["@type"] == "cr:RecordSet" and records.get("name"), "a set of records is", records)
    identify(records)
    for field in records["field"]:
        identify(field)
        check(field["@type"] == "cr:Field" and field.get("name") and field["@id"].startswith(records["@id"] + "/"), "a field is", field)
        check(field["dataType"] in TYPES, field["@id"], "is of type", field["dataType"])
        source = field["source"]
        origins = [source[kind]["@id"] for kind in ("fileObject", "fileSet") if kind in source]
        check(len(origins) == 1 and origins[0] in distribution, field["@id"], "comes from", origins)
        kind = next(part["@type"] for part in record["distribution"] if part["@id"] == origins[0])
        check(("fileSet" in source) == (kind == "cr:FileSet"), field["@id"], "takes a", kind, "for the other kind")
        extract = source["extract"]
        check(len(extract) == 1 and set(extract) <= {"column", "fileProperty", "jsonPath"}, field["@id"], "is extracted by", extract)
        check(extract.get("fileProperty", "content") in ("content", "fullpath", "filename", "filepath", "lines", "lineNumbers"), field["@id"], "is extracted by", extract)
        if "regex" in source.get("transform", {}):
            check(re.compile(source["transform"]["regex"]).groups == 1, field["@id"], "needs one group in its expression")
        check(("arrayShape" in field) == field.get("isArray", False), field["@id"], "says its shape or that it is an array, and not both")
        check(all(int(size) == -1 or int(size) > 0 for size in field.get("arrayShape", "1").split(",")), field["@id"], "has the shape", field.get("arrayShape"))
        fields += 1
check(fields, "there are no fields")
print(fetched, "files and", fields, "fields are as they are said to be")
