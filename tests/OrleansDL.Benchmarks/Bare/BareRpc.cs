using System.Runtime.InteropServices;
using Google.Protobuf;
using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.ML.OnnxRuntime;
using OrleansDL.Inference;
using OrleansDL.Native;
using OrleansDL.Serving.Rpc.Wire;

namespace OrleansDL.Benchmarks.Bare;

/// <summary>The best simple gRPC service for one model from <c>x</c> to <c>y</c>: a binding for each thread, one copy in, one out.</summary>
internal sealed class BareRpc(InferenceSession session) : GRPCInferenceService.GRPCInferenceServiceBase
{
    [ThreadStatic]
    private static (OrtIoBinding Binding, RunOptions Options, float[] Input, float[] Output)? _mine;

    public static async Task RunAsync(string model)
    {
        OnnxLibrary.Load();
        using var options = ModelSession.Options();
        using var session = new InferenceSession(model, options);
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.ConfigureEndpointDefaults(endpoint => endpoint.Protocols = HttpProtocols.Http2));
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Services.AddSingleton(new BareRpc(session));
        builder.Services.AddGrpc();
        var app = builder.Build();
        app.MapGrpcService<BareRpc>();
        await app.StartAsync();
        Console.WriteLine($"ready {app.Urls.First()}");
        await app.WaitForShutdownAsync();
    }

    public override Task<ModelInferResponse> ModelInfer(ModelInferRequest request, ServerCallContext context)
    {
        var (binding, options, input, output) = _mine ??= Bind();
        request.RawInputContents[0].Span.CopyTo(MemoryMarshal.AsBytes(input.AsSpan()));
        session.RunWithBinding(options, binding);
        var answer = new ModelInferResponse { ModelName = request.ModelName, ModelVersion = "1", Id = request.Id };
        answer.Outputs.Add(new ModelInferResponse.Types.InferOutputTensor { Name = "y", Datatype = "FP32", Shape = { 1, output.Length } });
        answer.RawOutputContents.Add(ByteString.CopyFrom(MemoryMarshal.AsBytes(output.AsSpan())));
        return Task.FromResult(answer);
    }

    private (OrtIoBinding Binding, RunOptions Options, float[] Input, float[] Output) Bind()
    {
        var binding = session.CreateIoBinding();
        var input = GC.AllocateArray<float>(session.InputMetadata["x"].Dimensions[1], pinned: true);
        var output = GC.AllocateArray<float>(session.OutputMetadata["y"].Dimensions[1], pinned: true);
        binding.BindInput("x", OrtValue.CreateTensorValueFromMemory(input, [1, input.Length]));
        binding.BindOutput("y", OrtValue.CreateTensorValueFromMemory(output, [1, output.Length]));
        return (binding, new RunOptions(), input, output);
    }
}
