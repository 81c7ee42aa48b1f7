using System.Buffers;
using System.Text.Json;
using Microsoft.ML.OnnxRuntime;
using OrleansDL.Native;

namespace OrleansDL.Benchmarks.Bare;

/// <summary>The best simple endpoint for one model: the body is read straight into a buffer that is bound to the session.</summary>
internal sealed class BarePredict : IDisposable
{
    [ThreadStatic]
    private static BarePredict? _mine;

    private readonly InferenceSession _session;
    private readonly OrtIoBinding _binding;
    private readonly RunOptions _options = new();
    private readonly OrtValue _inputValue;
    private readonly OrtValue _outputValue;
    private readonly float[] _input;
    private readonly float[] _output;
    private readonly ArrayBufferWriter<byte> _answer = new();

    private BarePredict(InferenceSession session)
    {
        _session = session;
        _binding = session.CreateIoBinding();
        (_input, _inputValue) = Buffer(session.InputMetadata.First().Value.Dimensions);
        _binding.BindInput(session.InputMetadata.First().Key, _inputValue);
        var output = session.OutputMetadata.Single(found => found.Key == "probabilities");
        (_output, _outputValue) = Buffer(output.Value.Dimensions);
        _binding.BindOutput(output.Key, _outputValue);
    }

    public static async Task RunAsync(string model)
    {
        OnnxLibrary.Load();
        using var options = new SessionOptions { IntraOpNumThreads = 1, InterOpNumThreads = 1 };
        options.AddSessionConfigEntry("session.intra_op.allow_spinning", "0");
        using var session = new InferenceSession(model, options);
        await BareHost.RunAsync(async context =>
        {
            var read = await context.Request.BodyReader.ReadAtLeastAsync((int)context.Request.ContentLength!.Value);
            var answer = (_mine ??= new BarePredict(session)).Answer(read.Buffer);
            context.Request.BodyReader.AdvanceTo(read.Buffer.End);
            context.Response.ContentType = "application/json";
            context.Response.ContentLength = answer.Length;
            await context.Response.BodyWriter.WriteAsync(answer);
        });
    }

    public void Dispose()
    {
        _binding.Dispose();
        _options.Dispose();
        _inputValue.Dispose();
        _outputValue.Dispose();
    }

    private ReadOnlyMemory<byte> Answer(ReadOnlySequence<byte> body)
    {
        var reader = new Utf8JsonReader(body);
        var column = 0;
        while (reader.Read())
        {
            if (reader.TokenType is JsonTokenType.Number)
            {
                _input[column++] = reader.GetSingle();
            }
        }

        _session.RunWithBinding(_options, _binding);
        var best = 0;
        for (var label = 1; label < _output.Length; label++)
        {
            best = _output[label] > _output[best] ? label : best;
        }

        _answer.ResetWrittenCount();
        using var writer = new Utf8JsonWriter(_answer);
        writer.WriteStartObject();
        writer.WriteStartArray("predictions"u8);
        writer.WriteStartObject();
        writer.WriteNumber("label"u8, best);
        writer.WriteNumber("score"u8, _output[best]);
        writer.WriteEndObject();
        writer.WriteEndArray();
        writer.WriteEndObject();
        writer.Flush();
        return _answer.WrittenMemory;
    }

    private static unsafe (float[] Buffer, OrtValue Value) Buffer(int[] dimensions)
    {
        long[] shape = [1, .. dimensions.Skip(1).Select(size => (long)size)];
        var buffer = GC.AllocateArray<float>((int)shape.Aggregate((product, size) => product * size), pinned: true);
        fixed (float* address = buffer)
        {
            return (buffer, OrtValue.CreateTensorValueWithData(
                OrtMemoryInfo.DefaultInstance, Microsoft.ML.OnnxRuntime.Tensors.TensorElementType.Float, shape, (nint)address, buffer.Length * sizeof(float)));
        }
    }
}
