using System.Buffers;
using System.Buffers.Binary;
using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using OrleansDL.Inference;

namespace OrleansDL.Serving;

/// <summary>
/// A model whose callers send raw rows as tensors too: one BYTES input, each of its elements an image file, a text or a row as JSON, and as outputs what the artifact's own
/// pipeline makes of the network's.
/// </summary>
internal sealed class RowReplica : ILoadedReplica
{
    private const string Label = "label";
    private const string Score = "score";
    private const string Answer = "answer";
    private const string Top = "top";
    private const int GreatestTop = 1000;
    private readonly ILoadedReplica _model;
    private readonly RowKind _kind;
    private readonly string _name;
    private readonly bool _givesLabel;

    public RowReplica(ILoadedReplica model, RowKind kind, bool givesLabel, string name)
    {
        (_model, _kind, _givesLabel, _name) = (model, kind, givesLabel, name);
        TensorSpec answer = new() { Name = Answer, Type = TensorElementType.Bytes, Shape = [-1] };
        Signature = new ModelSignature
        {
            Inputs = [new TensorSpec { Name = kind.ToString().ToLowerInvariant(), Type = TensorElementType.Bytes, Shape = [-1] }],
            Outputs = givesLabel
                ? [answer with { Name = Label }, new TensorSpec { Name = Score, Type = TensorElementType.Fp32, Shape = [-1] }, answer]
                : [answer],
        };
    }

    public ModelSignature Signature { get; }

    /// <summary>The rows of a model that is to be served with <c>raw</c>; null: it is not. Asked before anything is made for it.</summary>
    /// <exception cref="InvalidException">It is, and takes no rows.</exception>
    public static RowKind? Wanted(ReplicaSpec spec, RowKind? rows, string name) => !spec.Raw ? null
        : rows ?? throw new InvalidException($"Model '{name}' has no pipeline that answers rows, so it cannot be served with 'raw'. Leave 'raw' out: callers send it tensors.");

    public async ValueTask<InferAnswer> InferAsync(InferRequest request, CancellationToken cancellationToken)
    {
        ModelSession.Check(request, Signature, _name);
        var began = Stopwatch.GetTimestamp();
        var rows = new PredictRequest { Rows = RowsOf(request.Inputs[0]), Top = TopOf(request.Parameters) };
        var (count, read) = ((int)request.Inputs[0].Shape[0], Stopwatch.GetTimestamp());
        var answer = count == 0 ? new PredictAnswer { Rows = [] } : await _model.PredictAsync(rows, cancellationToken);
        var run = Stopwatch.GetTimestamp();
        var outputs = Signature.Outputs.Where(output => request.Outputs.Count == 0 || request.Outputs.Contains(output.Name)).Select(output => Output(output, answer, count)).ToList();
        return new InferAnswer
        {
            Outputs = outputs,
            Top = [.. answer.Rows.Where(row => row.Count > 0).Select(row => row[0])],
            Times = new InferTimes
            {
                Input = Nanoseconds(began, read),
                Run = Nanoseconds(read, run),
                Output = Nanoseconds(run, Stopwatch.GetTimestamp()),
                Rows = count,
                BatchSize = count,
                CountsExecution = true,
            },
        };
    }

    public ValueTask<PredictAnswer> PredictAsync(PredictRequest request, CancellationToken cancellationToken) => _model.PredictAsync(request, cancellationToken);

    public IAsyncEnumerable<GeneratePiece> Generate(GenerateRequest request, CancellationToken cancellationToken) => _model.Generate(request, cancellationToken);

    public IAsyncEnumerable<InferAnswer> Answers(InferRequest request, CancellationToken cancellationToken) => _model.Answers(request, cancellationToken);

    public ArenaUse Arena => _model.Arena;

    public TimeSpan QueueTime => _model.QueueTime;

    public int Waiting => _model.Waiting;

    public bool IsBusy => _model.IsBusy;

    public Task DrainAsync(TimeSpan limit) => _model.DrainAsync(limit);

    public void Dispose() => _model.Dispose();

    /// <summary>The elements as the JSON array that pipelines read.</summary>
    private ReadOnlyMemory<byte> RowsOf(Tensor tensor)
    {
        var rows = new ArrayBufferWriter<byte>(tensor.Data.Length + (tensor.Data.Length / 2) + 64);
        using var writer = new Utf8JsonWriter(rows, new JsonWriterOptions { SkipValidation = true });
        writer.WriteStartArray();
        var data = tensor.Data.Span;
        var count = 0L;
        while (!data.IsEmpty)
        {
            var length = data.Length < sizeof(uint) ? uint.MaxValue : BinaryPrimitives.ReadUInt32LittleEndian(data);
            if (length > data.Length - sizeof(uint))
            {
                throw new InvalidException($"incomplete string length indicator for inference input '{tensor.Name}' for model '{_name}', expecting 4 bytes and as many as they say.");
            }

            Write(writer, data.Slice(sizeof(uint), (int)length), count++);
            data = data[(sizeof(uint) + (int)length)..];
        }

        if (count != tensor.Shape[0])
        {
            throw new InvalidException($"expected {tensor.Shape[0]} string elements for inference input '{tensor.Name}' for model '{_name}', got {count}");
        }

        writer.WriteEndArray();
        writer.Flush();
        return rows.WrittenMemory;
    }

    private void Write(Utf8JsonWriter writer, ReadOnlySpan<byte> element, long row)
    {
        try
        {
            switch (_kind)
            {
                case RowKind.Text:
                    writer.WriteStringValue(element);
                    break;
                case RowKind.Image when element is not [(byte)'{' or (byte)'[', ..]:
                    writer.WriteStartObject();
                    writer.WriteBase64String("image"u8, element);
                    writer.WriteEndObject();
                    break;
                default:
                    writer.WriteRawValue(element);
                    break;
            }
        }
        catch (Exception error) when (error is JsonException or ArgumentException)
        {
            var what = _kind is RowKind.Text ? "a text in UTF-8" : "a row as JSON";
            throw new InvalidException($"Row {row.ToString(CultureInfo.InvariantCulture)} of input '{Signature.Inputs[0].Name}' for model '{_name}' is not {what}: {error.Message}");
        }
    }

    private static int TopOf(IReadOnlyDictionary<string, string>? parameters) => parameters is null || !parameters.TryGetValue(Top, out var text) ? 1
        : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var top) && top is >= 1 and <= GreatestTop ? top
        : throw new InvalidException($"parameter 'top' is {text}: give an integer from 1 to {GreatestTop}.");

    private static Tensor Output(TensorSpec spec, PredictAnswer answer, int count) => spec.Name switch
    {
        Score => new Tensor { Name = Score, Type = TensorElementType.Fp32, Shape = [count], Data = MemoryMarshal.AsBytes<float>(answer.Rows.Select(row => (float)row[0].Score).ToArray()).ToArray() },
        Label => Texts(Label, answer.Rows.Select(row => Encoding.UTF8.GetBytes(row[0].Label))),
        _ => Texts(Answer, Enumerable.Range(0, count).Select(row => JsonSerializer.SerializeToUtf8Bytes(AnswerOf(answer, row), OdlJson.Options))),
    };

    private static RowAnswer AnswerOf(PredictAnswer answer, int row) => new(
        At(answer.Rows, row), At(answer.Values, row), At(answer.Steps, row), At(answer.Vectors, row));

    private static T? At<T>(IReadOnlyList<T>? rows, int row)
        where T : class => row < rows?.Count ? rows[row] : null;

    private static Tensor Texts(string name, IEnumerable<byte[]> texts)
    {
        var all = texts.ToList();
        var data = new byte[all.Sum(text => sizeof(uint) + text.Length)];
        var rest = data.AsSpan();
        foreach (var text in all)
        {
            BinaryPrimitives.WriteInt32LittleEndian(rest, text.Length);
            text.CopyTo(rest[sizeof(uint)..]);
            rest = rest[(sizeof(uint) + text.Length)..];
        }

        return new Tensor { Name = name, Type = TensorElementType.Bytes, Shape = [all.Count], Data = data };
    }

    private static long Nanoseconds(long from, long to) => Stopwatch.GetElapsedTime(from, to).Ticks * TimeSpan.NanosecondsPerTick;

    /// <summary>One row's answer, as the output <c>answer</c> has it.</summary>
    private sealed record RowAnswer(
        IReadOnlyList<LabelScore>? Labels, IReadOnlyDictionary<string, double>? Values, IReadOnlyList<LabelScore>? Steps, IReadOnlyList<float>? Vector);
}
