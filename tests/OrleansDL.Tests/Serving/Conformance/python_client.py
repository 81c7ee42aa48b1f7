"""Speaks the inference protocol with code that is not ours: grpcio with stubs made of the proto files, and plain HTTP as tritonclient sends it.

Arguments: folder of the stubs, HTTP host:port, gRPC host:port, a model with input x and output y (FP32 [-1,4], y = x + 1)."""
import gzip
import http.client
import json
import struct
import sys
import zlib
from multiprocessing import shared_memory

sys.path.insert(0, sys.argv[1])
import grpc
from Serving.Rpc.Protos import grpc_service_pb2 as pb
from Serving.Rpc.Protos import grpc_service_pb2_grpc as stubs

HTTP, RPC, MODEL = sys.argv[2:]


def check(value, expected, what):
    if value != expected:
        raise SystemExit(f"{what}: {value!r} instead of {expected!r}")


def request(values=(1.0, 2.0, 3.0, 4.0), **more):
    message = pb.ModelInferRequest(model_name=MODEL, id="py", **more)
    message.inputs.add(name="x", datatype="FP32", shape=[1, 4])
    message.outputs.add(name="y")
    message.raw_input_contents.append(struct.pack("<4f", *values))
    return message


def values(answer):
    return struct.unpack("<4f", answer.raw_output_contents[0])


def refused(call, code, text):
    try:
        call()
    except grpc.RpcError as error:
        check(error.code(), code, text)
        if text not in error.details():
            raise SystemExit(f"{error.details()!r} lacks {text!r}")
        return
    raise SystemExit(f"not refused: {text}")


def rpc():
    options = [("grpc.max_send_message_length", -1), ("grpc.max_receive_message_length", -1), ("grpc.keepalive_time_ms", 2**31 - 1), ("grpc.http2.max_pings_without_data", 0)]
    with grpc.insecure_channel(RPC, options=options) as channel:
        stub = stubs.GRPCInferenceServiceStub(channel)
        check(stub.ServerLive(pb.ServerLiveRequest()).live, True, "live")
        check(stub.ServerReady(pb.ServerReadyRequest()).ready, True, "ready")
        check(stub.ModelReady(pb.ModelReadyRequest(name=MODEL)).ready, True, "model ready")
        check(stub.ModelReady(pb.ModelReadyRequest(name="nobody")).ready, False, "nobody ready")
        metadata = stub.ModelMetadata(pb.ModelMetadataRequest(name=MODEL))
        check([(i.name, i.datatype, list(i.shape)) for i in metadata.inputs], [("x", "FP32", [-1, 4])], "inputs")
        check(stub.ModelConfig(pb.ModelConfigRequest(name=MODEL)).config.max_batch_size, 4, "max_batch_size")
        for compression in (grpc.Compression.NoCompression, grpc.Compression.Gzip, grpc.Compression.Deflate):
            answer = stub.ModelInfer(request(), compression=compression)
            check((answer.id, answer.model_version, values(answer)), ("py", "1", (2.0, 3.0, 4.0, 5.0)), f"answer, {compression}")
        typed = pb.ModelInferRequest(model_name=MODEL)
        typed.inputs.add(name="x", datatype="FP32", shape=[1, 4]).contents.fp32_contents.extend([1, 2, 3, 4])
        check(values(stub.ModelInfer(typed)), (2.0, 3.0, 4.0, 5.0), "typed contents")
        classes = request()
        classes.outputs[0].parameters["classification"].int64_param = 2
        check(stub.ModelInfer(classes).raw_output_contents[0][4:], b"5.000000:3" + struct.pack("<I", 10) + b"4.000000:2", "classes")
        empty = request()
        empty.inputs[0].shape[:] = [0, 4]
        empty.raw_input_contents[0] = b""
        check((list(stub.ModelInfer(empty).outputs[0].shape), stub.ModelInfer(empty).raw_output_contents[0]), ([0, 4], b""), "empty tensor")

        answers = list(stub.ModelStreamInfer(iter([request(), request(model_version="9"), request((5, 6, 7, 8))])))
        check([bool(a.error_message) for a in answers], [False, True, False], "errors in a stream")
        check(values(answers[2].infer_response), (6.0, 7.0, 8.0, 9.0), "after an error")
        refused(lambda: list(stub.ModelStreamInfer(iter([request(model_version="9")]), metadata=[("triton_grpc_error", "true")])), grpc.StatusCode.NOT_FOUND, "version 9 is not found")
        call = stub.ModelStreamInfer(iter([request()]))
        next(call)
        call.cancel()

        refused(lambda: stub.ModelInfer(pb.ModelInferRequest(model_name="nobody")), grpc.StatusCode.INVALID_ARGUMENT, "Request for unknown model: 'nobody' is not found")
        refused(lambda: stub.ModelInfer(request(model_version="one")), grpc.StatusCode.INVALID_ARGUMENT, "should be an integral value > 0")
        shared(stub)
        reserved = request()
        reserved.parameters["triton_x"].bool_param = True
        refused(lambda: stub.ModelInfer(reserved), grpc.StatusCode.INVALID_ARGUMENT, "reserved for Triton usage")
        wrong = request()
        wrong.parameters["sequence_start"].int64_param = 1
        refused(lambda: stub.ModelInfer(wrong), grpc.StatusCode.INVALID_ARGUMENT, "invalid value type for 'sequence_start' parameter, expected bool_param.")

        stats = stub.ModelStatistics(pb.ModelStatisticsRequest(name=MODEL)).model_stats[0]
        check(stats.inference_stats.success.count >= 7 and stats.inference_stats.fail.count >= 2, True, "statistics")
        check(set(stub.TraceSetting(pb.TraceSettingRequest()).settings) >= {"trace_level", "trace_rate", "trace_count", "log_frequency", "trace_file", "trace_mode"}, True, "trace settings")
        check(stub.LogSettings(pb.LogSettingsRequest()).settings["log_info"].bool_param, True, "log settings")
        check((MODEL, "READY") in [(m.name, m.state) for m in stub.RepositoryIndex(pb.RepositoryIndexRequest()).models], True, "index")


def shared(stub):
    memory = shared_memory.SharedMemory(create=True, size=64)
    try:
        memory.buf[:16] = struct.pack("<4f", 1, 2, 3, 4)
        stub.SystemSharedMemoryRegister(pb.SystemSharedMemoryRegisterRequest(name="py", key="/" + memory.name, byte_size=64))
        message = request()
        del message.raw_input_contents[:]
        for tensor, offset in ((message.inputs[0], 0), (message.outputs[0], 32)):
            tensor.parameters["shared_memory_region"].string_param = "py"
            tensor.parameters["shared_memory_byte_size"].int64_param = 16
            tensor.parameters["shared_memory_offset"].int64_param = offset
        check(list(stub.ModelInfer(message).raw_output_contents), [b""], "answer without its output")
        check(struct.unpack("<4f", memory.buf[32:48]), (2.0, 3.0, 4.0, 5.0), "output in shared memory")
        stub.SystemSharedMemoryUnregister(pb.SystemSharedMemoryUnregisterRequest(name="py"))
        check(len(stub.SystemSharedMemoryStatus(pb.SystemSharedMemoryStatusRequest()).regions), 0, "regions left")
    finally:
        memory.close()
        memory.unlink()


def post(path, body, headers):
    connection = http.client.HTTPConnection(HTTP)
    connection.request("POST", path, body=body, headers=headers)
    response = connection.getresponse()
    return response, response.read()


def rest():
    data = struct.pack("<4f", 1, 2, 3, 4)
    head = json.dumps({"id": "py", "inputs": [{"name": "x", "shape": [1, 4], "datatype": "FP32", "parameters": {"binary_data_size": 16}}],
                       "outputs": [{"name": "y", "parameters": {"binary_data": True}}]}).encode()
    path, length = f"/v2/models/{MODEL}/infer?test_1=1", {"inference-header-content-length": str(len(head))}
    packers = {None: lambda body: body, "gzip": gzip.compress, "deflate": zlib.compress}
    for sent, pack in packers.items():
        for wanted, unpack in {None: lambda body: body, "gzip": gzip.decompress, "deflate": zlib.decompress}.items():
            headers = length | ({"Content-Encoding": sent} if sent else {}) | ({"Accept-Encoding": wanted} if wanted else {})
            response, body = post(path, pack(head + data), headers)
            check((response.status, response.getheader("Content-Type"), response.getheader("Content-Encoding")), (200, "application/octet-stream", wanted), f"{sent}, {wanted}")
            body, at = unpack(body), int(response.getheader("Inference-Header-Content-Length"))
            check(json.loads(body[:at])["outputs"], [{"name": "y", "datatype": "FP32", "shape": [1, 4], "parameters": {"binary_data_size": 16}}], "outputs")
            check(struct.unpack("<4f", body[at:]), (2.0, 3.0, 4.0, 5.0), "values")
    chunks = [head[:10], head[10:] + data[:3], data[3:]]
    response, body = post(path, iter(chunks), length)
    check(response.status, 200, "chunked")
    response, body = post(path, data, {"Inference-Header-Content-Length": "0"})
    check((response.status, body[-16:]), (200, struct.pack("<4f", 2, 3, 4, 5)), "raw request")
    for value in ("-1", "99999", "x", "99999999999999"):
        response, body = post(path, head + data, {"Inference-Header-Content-Length": value})
        check((response.status, "error" in json.loads(body)), (400, True), f"header {value}")
    response, body = post(path, head, {"Content-Encoding": "br"})
    check((response.status, response.getheader("Accept-Encoding"), json.loads(body)), (501, "gzip, deflate", {"error": "Unsupported compression type"}), "compression")
    response, body = post("/v2/models/nobody/infer", b'{"inputs":[]}', {})
    check((response.status, json.loads(body)), (400, {"error": "Request for unknown model: 'nobody' is not found"}), "unknown model")


rpc()
rest()
print("all right")
