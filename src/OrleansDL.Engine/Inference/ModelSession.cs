using System.Buffers;
using System.Collections.Concurrent;
using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text.Json;
using Microsoft.ML.OnnxRuntime;
using OrleansDL.Data;
using OrleansDL.Heads;
using OrleansDL.Native;
using OrleansDL.Numbers;
using OrleansDL.Onnx;
using OrleansDL.Pipelines;
using OrleansDL.Pipelines.Tokens;
using OrleansDL.Serving;

namespace OrleansDL.Inference;

/// <summary>A loaded model, ready to answer any number of callers at once. It never loads libtorch.</summary>
public sealed class ModelSession : ITensorModel
{
    private const string Probabilities = "probabilities";
    private const string Embedding = "embedding";
    private static readonly JsonReaderOptions JsonOptions = new() { MaxDepth = 64 };

    /// <summary>Rows run in one piece; longer lists go in several, so that no caller asks for unbounded memory.</summary>
    private const int GreatestBatch = 256;

    private static readonly Lazy<bool> RuntimeIsWarm = new(static () =>
    {
        OnnxLibrary.Load();
        var graph = new OnnxGraph();
        graph.Node("MatMul", [graph.Input("x", OnnxType.Float, [-1, 1]), graph.Weights("w", [1f], 1, 1)], "y");
        graph.Output("y", [-1, 1]);
        using var options = Options();
        using var session = new ModelSession(new InferenceSession(graph.Write("warm"), options), null, "warm", null, null, null);
        session.Warm();
        return true;
    });

    private readonly InferenceSession _session;
    private readonly Pipeline? _pipeline;
    private readonly BoundCalls? _bound;
    private readonly int _probabilities;
    private readonly int _answer;
    private readonly int _raw;
    private readonly int _embedding;
    private readonly string _model;
    private readonly RunWatch? _watch;
    private readonly TimeSpan _limit;
    private readonly Action? _ended;
    private readonly ConcurrentBag<Row> _rows = [];
    private volatile bool _splits;

    private ModelSession(InferenceSession session, Pipeline? pipeline, string model, RunWatch? watch, TimeSpan? limit, Action? ended, IReadOnlyList<string>? optional = null)
    {
        (_session, _pipeline, _model) = (session, pipeline, model);
        (_watch, _limit, _ended) = (limit is null ? null : watch, limit ?? default, ended);
        _watch?.Heed(_limit);
        Signature = new ModelSignature
        {
            Inputs = optional is null ? [.. session.InputMetadata.Select(Describe)] : Inputs(session, optional),
            Outputs = [.. session.OutputMetadata.Select(Describe)],
        };
        _probabilities = pipeline?.Head is HeadNames.Label ? IndexOf(Probabilities) : -1;
        _answer = pipeline is null ? -1 : IndexOf(RowAnswers.OutputOf(pipeline));
        _raw = _answer >= 0 && Signature.Outputs[_answer].Name is Probabilities ? IndexOf("logits") : _answer;
        _embedding = pipeline?.Head is HeadNames.Reconstruction ? IndexOf(Embedding) : -1;
        if (_answer >= 0 && Signature.Outputs[_answer].Name is Probabilities && Signature.Outputs[_answer].Shape[^1] != pipeline!.Labels.Count)
        {
            throw new InvalidException($"Model '{model}' has {Signature.Outputs[_answer].Shape[^1]} outputs, but its pipeline.json names {pipeline.Labels.Count} labels.");
        }

        _bound = CanBind() ? new BoundCalls(session, Signature.Inputs[0], Signature.Outputs, NewRun) : null;
        _splits = Signature.Inputs.Concat(Signature.Outputs).All(tensor => tensor is { Type: not TensorElementType.Bytes, Shape: [-1, ..] });
    }

    public ModelSignature Signature { get; }

    /// <summary>What messages call the model.</summary>
    public string Model => _model;

    /// <summary>Whether requests can be run as one: every input and output begins with an open axis, which counts rows.</summary>
    public bool CanBatch => _splits;

    /// <summary>What its arena holds now. It takes microseconds.</summary>
    public ArenaUse Arena => ArenaStatistics.Of(_session);

    /// <summary>Labels in the order of the outputs; empty for a model without a pipeline.</summary>
    public IReadOnlyList<string> Labels => _pipeline?.Labels ?? [];

    /// <summary>What its raw rows are; null for a model that takes no rows: it has no pipeline, or continues texts.</summary>
    public RowKind? Rows => (_answer, _pipeline) switch
    {
        ( < 0, _) or (_, null) or (_, { Head: HeadNames.NextToken }) => null,
        (_, ImagePipeline) => RowKind.Image,
        (_, TextPipeline) => RowKind.Text,
        _ => RowKind.Row,
    };

    /// <summary>Whether it gives each row one label, best of all.</summary>
    public bool GivesLabel => Rows is not null && _pipeline!.Head is HeadNames.Label;

    /// <summary>Loads an artifact's folder (<c>model.onnx</c>, <c>pipeline.json</c>), or an ONNX file alone.</summary>
    /// <param name="path">The folder or file.</param>
    /// <param name="model">What messages call the model.</param>
    /// <param name="watch">Ends executions that take longer than <paramref name="limit"/>; null: they take what they take.</param>
    /// <param name="limit">How long an execution may take; null: any time.</param>
    /// <param name="ended">Is told of an execution that took longer.</param>
    /// <param name="runtime">How the runtime runs it; null: each run takes its caller's thread and no other.</param>
    /// <param name="device">Where it runs: <c>cpu</c>, or <c>cuda:N</c>.</param>
    /// <exception cref="InvalidException">The files are no model; the message says why.</exception>
    public static ModelSession Load(string path, string model = "model", RunWatch? watch = null, TimeSpan? limit = null, Action? ended = null, RuntimeSettings? runtime = null, string device = "cpu")
    {
        OnnxLibrary.Load();
        var folder = Directory.Exists(path) ? path : null;
        var file = folder is null ? path : Path.Combine(folder, "model.onnx");
        if (!File.Exists(file))
        {
            throw new NotFoundException($"Model '{model}' has no file '{Path.GetFileName(file)}'.");
        }

        var pipelineFile = folder is null ? null : Path.Combine(folder, "pipeline.json");
        var pipeline = File.Exists(pipelineFile) ? Pipeline.Parse(File.ReadAllBytes(pipelineFile)) : null;
        using var options = Options(runtime);
        try
        {
            SessionDevice.Choose(options, device);
            return new ModelSession(new InferenceSession(file, options), pipeline, model, watch, limit, ended, runtime?.OptionalInputs);
        }
        catch (OnnxRuntimeException error)
        {
            throw new InvalidException($"Model '{model}' cannot be loaded: {error.Message}");
        }
    }

    /// <summary>Has the runtime make what it makes once for the process, so that no model is charged with it. Every further call returns at once.</summary>
    public static void WarmRuntime() => _ = RuntimeIsWarm.Value;

    /// <summary>A run takes its caller's thread and no other, unless the settings say otherwise.</summary>
    internal static SessionOptions Options(RuntimeSettings? settings = null)
    {
        var options = new SessionOptions
        {
            IntraOpNumThreads = settings?.IntraOpThreads ?? 1,
            InterOpNumThreads = settings?.InterOpThreads ?? 1,
            ExecutionMode = settings is { RunsParallel: true } ? ExecutionMode.ORT_PARALLEL : ExecutionMode.ORT_SEQUENTIAL,
            GraphOptimizationLevel = settings?.GraphLevel switch
            {
                -1 => GraphOptimizationLevel.ORT_ENABLE_BASIC,
                1 => GraphOptimizationLevel.ORT_ENABLE_EXTENDED,
                2 => GraphOptimizationLevel.ORT_DISABLE_ALL,
                _ => GraphOptimizationLevel.ORT_ENABLE_ALL,
            },
        };
        options.EnableCpuMemArena = settings?.MemoryArena ?? options.EnableCpuMemArena;
        options.EnableMemoryPattern = settings?.MemoryPattern ?? options.EnableMemoryPattern;
        options.AddSessionConfigEntry("session.intra_op.allow_spinning", "0");
        options.AddSessionConfigEntry("session.inter_op.allow_spinning", "0");
        foreach (var (name, value) in settings?.Entries ?? new Dictionary<string, string>())
        {
            options.AddSessionConfigEntry(name, value);
        }

        return options;
    }

    /// <summary>Runs one row of zeros, so that the first caller does not pay for what the runtime does once. A model that refuses zeros (as a divisor, or a shape) is no worse for it.</summary>
    public void Warm()
    {
        var inputs = Signature.Inputs.Select(input => Zeros(input)).ToList();
        if (inputs.All(input => input.Type is not TensorElementType.Bytes))
        {
            try
            {
                Infer(new InferRequest { Inputs = inputs }, CancellationToken.None);
            }
            catch (InvalidException)
            {
                // What callers send may well be taken.
            }
        }
    }

    /// <summary>Runs the model on tensors.</summary>
    /// <exception cref="InvalidException">The request does not fit the signature.</exception>
    public InferAnswer Infer(InferRequest request, CancellationToken cancellationToken = default)
    {
        RequestCheck.Check(request, Signature, _model);
        cancellationToken.ThrowIfCancellationRequested();
        return _bound is not null && request.Inputs[0].Shape[0] is > 0 and <= GreatestBatch
            ? InferBound(request.Inputs[0].Shape, new ReadOnlySpan<InferRequest>(in request), request.Outputs, cancellationToken)
            : InferFree(request, cancellationToken);
    }

    /// <inheritdoc/>
    public ValueTask<InferAnswer> InferAsync(InferRequest request, CancellationToken cancellationToken) => ValueTask.FromResult(Infer(request, cancellationToken));

    /// <inheritdoc/>
    public ValueTask<InferAnswer[]> InferTogetherAsync(IReadOnlyList<InferRequest> requests, CancellationToken cancellationToken) =>
        ValueTask.FromResult(InferTogether(requests, cancellationToken));

    /// <summary>Compares a request with a signature that is not all of the model's.</summary>
    /// <exception cref="InvalidException">The request does not fit.</exception>
    public static void Check(InferRequest request, ModelSignature signature, string model) => RequestCheck.Check(request, signature, model);

    /// <summary>Bytes of one element; 0 for BYTES, whose elements differ in size.</summary>
    public static int SizeOf(TensorElementType type) => ElementTypes.SizeOf(type);

    /// <summary>Compares a request with the signature.</summary>
    /// <exception cref="InvalidException">The request does not fit.</exception>
    public void Check(InferRequest request) => RequestCheck.Check(request, Signature, _model);

    /// <summary>Runs requests that differ in nothing but their rows as one, and gives each its own answer.</summary>
    /// <param name="requests">Checked, with at least one row each; equal names, types and sizes of all axes but the first.</param>
    /// <param name="cancellationToken">Ends the execution for all.</param>
    public InferAnswer[] InferTogether(IReadOnlyList<InferRequest> requests, CancellationToken cancellationToken = default)
    {
        if (requests.Count == 1)
        {
            return [Infer(requests[0], cancellationToken)];
        }

        var began = Stopwatch.GetTimestamp();
        var rows = requests.Sum(request => request.Inputs[0].Shape[0]);
        var whole = _bound is not null && rows <= GreatestBatch
            ? InferBound([rows, .. requests[0].Inputs[0].Shape.AsSpan(1)], [.. requests], [], cancellationToken)
            : InferFree(new InferRequest { Inputs = [.. requests[0].Inputs.Select((_, input) => TensorRows.Join(requests, input))], Outputs = Wanted(requests) }, cancellationToken);
        if (whole.Outputs.Any(output => output.Shape is not [var size, ..] || size != rows))
        {
            // The first axis of this model does not count rows, whatever it looks like: nothing is run together any more. Where inputs were left out, it
            // may be that of the values the graph has for them.
            _splits &= requests[0].Inputs.Count < Signature.Inputs.Count;
            return [.. requests.Select(request => Infer(request, cancellationToken))];
        }

        var answers = new InferAnswer[requests.Count];
        var at = 0L;
        for (var index = 0; index < answers.Length; index++)
        {
            var own = requests[index].Inputs[0].Shape[0];
            answers[index] = Slice(whole, requests[index], at, own, began, isFirst: index == 0);
            at += own;
        }

        return answers;
    }

    /// <summary>The hot path for models of one input: input bytes in, the bytes of output <paramref name="outputIndex"/> out, nothing allocated once warm.</summary>
    /// <param name="input">Row-major bytes of the input.</param>
    /// <param name="shape">Its shape.</param>
    /// <param name="outputIndex">Position in <see cref="Signature"/>'s outputs.</param>
    /// <param name="output">Receives the output; at least as long as it.</param>
    /// <returns>Bytes written to <paramref name="output"/>.</returns>
    public int Infer(ReadOnlySpan<byte> input, ReadOnlySpan<long> shape, int outputIndex, Span<byte> output)
    {
        var bound = _bound ?? throw new InvalidException($"Model '{_model}' has inputs or outputs whose sizes are not known beforehand. Call it with an InferRequest.");
        RequestCheck.CheckBytes(input.Length, shape, Signature.Inputs[0], _model);
        var call = bound.Rent(shape);
        try
        {
            input.CopyTo(call.Input);
            call.Run(_model, CancellationToken.None);
            call.Outputs[outputIndex].CopyTo(output);
            return call.Outputs[outputIndex].Length;
        }
        finally
        {
            bound.Return(call);
        }
    }

    /// <summary>Raw rows through the artifact's own pipeline.</summary>
    /// <exception cref="InvalidException">A row is not what the pipeline takes; the message names row, column and what was expected.</exception>
    public PredictAnswer Predict(PredictRequest request, CancellationToken cancellationToken = default)
    {
        var answers = Answers(request);
        try
        {
            var rows = request.Rows.Span;
            var left = CountRows(rows);
            var reader = new Utf8JsonReader(rows, JsonOptions);
            reader.Read();
            while (left > 0)
            {
                var batch = Math.Min(left, GreatestBatch);
                PredictBatch(ref reader, Pipeline, batch, answers, cancellationToken);
                left -= batch;
            }

            reader.Read();
        }
        catch (Exception error) when (Fault(error) is { } fault)
        {
            throw fault;
        }

        return answers.Build();
    }

    /// <summary>Raw rows through the artifact's own pipeline, and through whatever brings tensors to the model.</summary>
    /// <param name="request">The rows.</param>
    /// <param name="rowsAtOnce">Rows of one call of <paramref name="infer"/> at most.</param>
    /// <param name="infer">Answers for tensors.</param>
    /// <exception cref="InvalidException">A row is not what the pipeline takes; the message names row, column and what was expected.</exception>
    public async ValueTask<PredictAnswer> PredictAsync(PredictRequest request, int rowsAtOnce, Func<InferRequest, ValueTask<InferAnswer>> infer)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(infer);
        var answers = Answers(request);
        var left = CountRows(request.Rows.Span);
        var (at, state) = (0, new JsonReaderState(JsonOptions));
        while (left > 0)
        {
            var batch = Math.Min(left, Math.Min(rowsAtOnce, GreatestBatch));
            left -= batch;
            var input = EncodeBatch(request.Rows.Span, ref at, ref state, batch, answers.Count, isLast: left == 0);
            var expected = Signature.Inputs[0];
            var answer = await infer(new InferRequest { Inputs = [new Tensor { Name = expected.Name, Type = expected.Type, Shape = [batch, .. Pipeline.RowShape], Data = input }] });
            AddAnswers(answers, input, [.. answer.Outputs.Select(output => output.Data)], batch);
        }

        return answers.Build();
    }

    /// <summary>Encodes one row, runs the model on it and shows what it put out before any probabilities.</summary>
    internal void JudgeRow(Row row, int[] columns, JudgedRow judge)
    {
        var pipeline = Pipeline;
        long[] shape = [1, .. pipeline.RowShape];
        var call = _bound?.Rent(shape);
        try
        {
            var input = call?.Input ?? new byte[pipeline.RowBytes];
            pipeline.Encode(row, columns, input.AsSpan(0, pipeline.RowBytes));
            judge(input.AsSpan(0, pipeline.RowBytes), MemoryMarshal.Cast<byte, float>(Run(call, input, shape, CancellationToken.None)[_raw].Span));
        }
        finally
        {
            if (call is not null)
            {
                _bound!.Return(call);
            }
        }
    }

    /// <summary>Continues a text, token by token, by a model whose head is the next token.</summary>
    /// <param name="text">What stands before.</param>
    /// <param name="tokens">Tokens to add at most; the end of the text ends it sooner.</param>
    /// <param name="temperature">0 takes the most probable token; the greater, the more are others taken too.</param>
    /// <param name="seed">Of the draws.</param>
    /// <returns>The text that was added.</returns>
    /// <exception cref="InvalidException">The model foretells no tokens.</exception>
    public string Generate(string text, int tokens, double temperature = 0, ulong seed = 1)
    {
        var pipeline = Pipeline is TextPipeline { Head: HeadNames.NextToken } given
            ? given
            : throw new InvalidException($"Model '{_model}' does not continue texts: it was not trained with head.kind 'next-token'.");
        var room = new long[4 * (text.Length + 1)];
        var written = room[..pipeline.Tokenized.Encode(text, room)].ToList();
        if (written.Count == 0)
        {
            throw new InvalidException("There is no text to go on from. Give one token at least.");
        }

        var (begun, random) = (written.Count, new Xoshiro(seed));
        while (written.Count - begun < tokens)
        {
            var window = written[Math.Max(0, written.Count - pipeline.MaxTokens)..].ToArray();
            var logits = RunFree(MemoryMarshal.AsBytes(window.AsSpan()).ToArray(), [1, window.Length], CancellationToken.None).Outputs[_raw].Data;
            var next = TokenDraw.Next(MemoryMarshal.Cast<byte, float>(logits.Span)[^pipeline.TokenCount..], temperature, random);
            if (next < Tokenizer.First)
            {
                break;
            }

            written.Add(next);
        }

        return pipeline.Tokenized.Decode(written[begun..].ToArray());
    }

    /// <summary>Whether it says what comes next in a text.</summary>
    internal bool ForetellsTokens => _answer >= 0 && _pipeline is TextPipeline { Head: HeadNames.NextToken };

    internal Pipeline Pipeline => _pipeline is not null && _answer >= 0
        ? _pipeline
        : throw new InvalidException($"Model '{_model}' has no pipeline, so it takes tensors only. Send them to the inference protocol: POST /v2/models/NAME/infer.");

    public void Dispose()
    {
        _bound?.Dispose();
        _session.Dispose();
    }

    private void PredictBatch(ref Utf8JsonReader reader, Pipeline pipeline, int batch, RowAnswers answers, CancellationToken cancellationToken)
    {
        var row = TakeRow();
        Span<long> shape = stackalloc long[1 + pipeline.RowShape.Count];
        shape[0] = batch;
        for (var axis = 1; axis < shape.Length; axis++)
        {
            shape[axis] = pipeline.RowShape[axis - 1];
        }

        var call = _bound?.Rent(shape);
        try
        {
            var input = call?.Input ?? new byte[batch * pipeline.RowBytes];
            EncodeRows(ref reader, pipeline, row, input, batch, answers.Count);
            AddAnswers(answers, input, Run(call, input, shape, cancellationToken), batch);
        }
        finally
        {
            if (call is not null)
            {
                _bound!.Return(call);
            }

            _rows.Add(row);
        }
    }

    /// <summary>The next rows of the text, from where the reader stood last.</summary>
    private byte[] EncodeBatch(ReadOnlySpan<byte> rows, ref int at, ref JsonReaderState state, int batch, int first, bool isLast)
    {
        var row = TakeRow();
        try
        {
            var reader = new Utf8JsonReader(rows[at..], isFinalBlock: true, state);
            if (first == 0)
            {
                reader.Read();
            }

            var input = new byte[batch * Pipeline.RowBytes];
            EncodeRows(ref reader, Pipeline, row, input, batch, first);
            if (isLast)
            {
                reader.Read();
            }

            (at, state) = (at + (int)reader.BytesConsumed, reader.CurrentState);
            return input;
        }
        catch (Exception error) when (Fault(error) is { } fault)
        {
            throw fault;
        }
        finally
        {
            _rows.Add(row);
        }
    }

    private Row TakeRow()
    {
        if (!_rows.TryTake(out var row))
        {
            row = new Row();
            row.Where = () => $"rows[{row.Number}]";
        }

        return row;
    }

    private static void EncodeRows(ref Utf8JsonReader reader, Pipeline pipeline, Row row, byte[] input, int batch, int first)
    {
        var bytes = pipeline.RowBytes;
        for (var index = 0; index < batch; index++)
        {
            row.Number = first + index;
            reader.Read();
            pipeline.EncodeJson(ref reader, row, input.AsSpan(index * bytes, bytes));
        }
    }

    private void AddAnswers(RowAnswers answers, byte[] input, ReadOnlyMemory<byte>[] outputs, int batch)
    {
        for (var index = 0; index < batch; index++)
        {
            answers.Add(
                input.AsSpan(index * Pipeline.RowBytes, Pipeline.RowBytes),
                Part(outputs[_answer].Span, index, batch),
                _embedding < 0 ? [] : Part(outputs[_embedding].Span, index, batch));
        }
    }

    private RowAnswers Answers(PredictRequest request) => request.Top is >= 1 and <= 1000
        ? new RowAnswers(Pipeline, request.Top, _model)
        : throw new InvalidException($"top is {request.Top}. Give a number from 1 to 1000.");

    /// <summary>What goes wrong while rows are read is the caller's to mend; null: it is something else.</summary>
    private static InvalidException? Fault(Exception error) => error switch
    {
        JsonException => new InvalidException($"rows is no valid JSON: {error.Message}"),

        // What the reader throws for text that is no valid UTF-8 or UTF-16.
        InvalidOperationException and not ObjectDisposedException => new InvalidException($"rows holds text that is no valid Unicode: {error.Message}"),
        _ => null,
    };

    /// <summary>The outputs of encoded rows: through the bound call, or by the runtime's own memory where sizes are not known beforehand.</summary>
    private ReadOnlyMemory<byte>[] Run(BoundCall? call, byte[] input, ReadOnlySpan<long> shape, CancellationToken cancellationToken)
    {
        if (call is null)
        {
            return [.. RunFree(input, shape.ToArray(), cancellationToken).Outputs.Select(output => output.Data)];
        }

        call.Run(_model, cancellationToken);
        return call.Answers;
    }

    private InferAnswer RunFree(byte[] input, long[] shape, CancellationToken cancellationToken)
    {
        var expected = Signature.Inputs[0];
        return InferFree(new InferRequest { Inputs = [new Tensor { Name = expected.Name, Type = expected.Type, Shape = shape, Data = input }] }, cancellationToken);
    }

    private static ReadOnlySpan<float> Part(ReadOnlySpan<byte> output, int row, int rows)
    {
        var values = MemoryMarshal.Cast<byte, float>(output);
        return values.Slice(row * (values.Length / rows), values.Length / rows);
    }

    /// <summary>How many rows there are, if they are JSON: reading them says that.</summary>
    private static int CountRows(ReadOnlySpan<byte> json)
    {
        var end = JsonArrays.AfterSpace(json, 0);
        if (end == json.Length || json[end] != (byte)'[')
        {
            throw new InvalidException("rows is no array. Give {\"rows\": [row, row, ...]}.");
        }

        if (!JsonArrays.TrySkip(json, ref end, out var rows))
        {
            throw new InvalidException("rows is no valid JSON: its array does not end.");
        }

        if (JsonArrays.AfterSpace(json, end) < json.Length)
        {
            throw new InvalidException("rows is no valid JSON: it goes on after its array has ended.");
        }

        return rows > 0 ? rows : throw new InvalidException("rows is empty. Give one row at least.");
    }

    /// <summary>The rows of one request, by reference.</summary>
    private static InferAnswer Slice(InferAnswer whole, InferRequest request, long at, long own, long began, bool isFirst)
    {
        var outputs = new List<Tensor>(whole.Outputs.Count);
        foreach (var output in whole.Outputs)
        {
            if (IsWanted(request.Outputs, output.Name))
            {
                outputs.Add(TensorRows.Slice(output, at, own));
            }
        }

        var times = whole.Times!.Value;
        return new InferAnswer
        {
            Outputs = outputs,
            Top = whole.Top is [] ? [] : [.. whole.Top.Skip((int)at).Take((int)own)],
            Times = times with
            {
                Input = (long)Stopwatch.GetElapsedTime(began).TotalNanoseconds - times.Run - times.Output,
                Rows = (int)own,
                CountsExecution = isFirst,
            },
        };
    }

    /// <summary>The rows of all parts in one execution.</summary>
    private InferAnswer InferBound(ReadOnlySpan<long> shape, ReadOnlySpan<InferRequest> parts, IReadOnlyList<string> wanted, CancellationToken cancellationToken)
    {
        var began = Stopwatch.GetTimestamp();
        var call = _bound!.Rent(shape);
        try
        {
            var at = 0;
            foreach (var part in parts)
            {
                part.Inputs[0].Data.Span.CopyTo(call.Input.AsSpan(at));
                at += part.Inputs[0].Data.Length;
            }

            var bound = Stopwatch.GetTimestamp();
            call.Run(_model, cancellationToken);
            var ran = Stopwatch.GetTimestamp();
            var batch = call.Shape[0];
            var outputs = new List<Tensor>(Signature.Outputs.Count);
            for (var index = 0; index < Signature.Outputs.Count; index++)
            {
                var output = Signature.Outputs[index];
                if (IsWanted(wanted, output.Name))
                {
                    outputs.Add(new Tensor { Name = output.Name, Type = output.Type, Shape = [batch, .. output.Shape.Skip(1)], Data = call.Outputs[index].ToArray() });
                }
            }

            return new InferAnswer
            {
                Outputs = outputs,
                Top = _probabilities < 0 ? [] : Top(MemoryMarshal.Cast<byte, float>(call.Outputs[_probabilities]), batch),
                Times = Times(began, bound, ran, (int)batch),
            };
        }
        finally
        {
            _bound.Return(call);
        }
    }

    /// <summary>Any model, any shapes: the runtime allocates the outputs.</summary>
    private InferAnswer InferFree(InferRequest request, CancellationToken cancellationToken)
    {
        var began = Stopwatch.GetTimestamp();
        var pins = new List<MemoryHandle>();
        var values = new List<OrtValue>();
        using var run = NewRun();
        try
        {
            foreach (var input in request.Inputs)
            {
                values.Add(Wrap(input, pins));
            }

            string[] names = [.. Signature.Outputs.Select(output => output.Name)];
            var bound = Stopwatch.GetTimestamp();
            string[] given = [.. request.Inputs.Select(input => input.Name)];
            using var results = run.Run(
                _model, (Session: _session, Given: given, Values: values, Names: names),
                static (call, options) => call.Session.Run(options, call.Given, call.Values, call.Names), cancellationToken);
            var ran = Stopwatch.GetTimestamp();
            var outputs = results.Select((result, index) => Copy(result, Signature.Outputs[index])).ToList();
            return new InferAnswer
            {
                Outputs = [.. outputs.Where(output => IsWanted(request.Outputs, output.Name))],
                Top = _probabilities < 0 ? [] : Top(MemoryMarshal.Cast<byte, float>(outputs[_probabilities].Data.Span), outputs[_probabilities].Shape[0]),
                Times = Times(began, bound, ran, _splits && request.Inputs is [{ Shape: [var rows, ..] }, ..] ? (int)rows : 1),
            };
        }
        catch (OnnxRuntimeException error)
        {
            throw new InvalidException($"model '{_model}' refused the input: {error.Message}");
        }
        finally
        {
            values.ForEach(value => value.Dispose());
            pins.ForEach(pin => pin.Dispose());
        }
    }

    private unsafe OrtValue Wrap(Tensor input, List<MemoryHandle> pins)
    {
        if (input.Type is TensorElementType.Bytes)
        {
            return TextTensors.ToOnnx(input, _model);
        }

        var pin = input.Data.Pin();
        pins.Add(pin);
        return OrtValue.CreateTensorValueWithData(OrtMemoryInfo.DefaultInstance, ElementTypes.ToOnnx(input.Type), input.Shape, (nint)pin.Pointer, input.Data.Length);
    }

    private static Tensor Copy(OrtValue value, TensorSpec output) => new()
    {
        Name = output.Name,
        Type = output.Type,
        Shape = value.GetTensorTypeAndShape().Shape,
        Data = output.Type is TensorElementType.Bytes ? TextTensors.FromOnnx(value) : value.GetTensorDataAsSpan<byte>().ToArray(),
    };

    private static InferTimes Times(long began, long bound, long ran, int rows) => new()
    {
        Input = (long)Stopwatch.GetElapsedTime(began, bound).TotalNanoseconds,
        Run = (long)Stopwatch.GetElapsedTime(bound, ran).TotalNanoseconds,
        Output = (long)Stopwatch.GetElapsedTime(ran).TotalNanoseconds,
        Rows = rows,
        BatchSize = rows,
        CountsExecution = true,
    };

    private WatchedRun NewRun() => new(_watch, _limit, _ended);

    private LabelScore[] Top(ReadOnlySpan<float> probabilities, long batch)
    {
        var labels = _pipeline!.Labels.Count;
        var top = new LabelScore[batch];
        for (var row = 0; row < top.Length; row++)
        {
            var scores = probabilities.Slice(row * labels, labels);
            var best = System.Numerics.Tensors.TensorPrimitives.IndexOfMax(scores);
            top[row] = new LabelScore(_pipeline.Labels[best], scores[best]);
        }

        return top;
    }

    /// <summary>Outputs that any of the requests wants, where they leave inputs out: what the graph makes of its own values for those need not have their rows. Otherwise all.</summary>
    private IReadOnlyList<string> Wanted(IReadOnlyList<InferRequest> requests) =>
        requests[0].Inputs.Count == Signature.Inputs.Count || requests.Any(request => request.Outputs.Count == 0) ? [] : [.. requests.SelectMany(request => request.Outputs).Distinct(StringComparer.Ordinal)];

    private int IndexOf(string output) => Signature.Outputs.Index().Where(candidate => candidate.Item.Name == output).Select(candidate => candidate.Index).DefaultIfEmpty(-1).First();

    private static bool IsWanted(IReadOnlyList<string> wanted, string output) => wanted.Count == 0 || wanted.Contains(output);

    /// <summary>Outputs can be bound beforehand when only their first axis is open, and it is the input's.</summary>
    private bool CanBind()
    {
        if (Signature.Inputs is not [{ Optional: false, Type: not TensorElementType.Bytes, Shape: [-1, ..] and { Count: <= Shape.GreatestRank } } input])
        {
            return false;
        }

        var batch = _session.InputMetadata[input.Name].SymbolicDimensions[0];
        return batch.Length > 0 && Signature.Outputs.All(output =>
            output is { Type: not TensorElementType.Bytes, Shape: [-1, ..] }
            && output.Shape.Skip(1).All(size => size > 0)
            && _session.OutputMetadata[output.Name].SymbolicDimensions[0] == batch);
    }

    private static Tensor Zeros(TensorSpec input)
    {
        long[] shape = [.. input.Shape.Select(size => size < 0 ? 1 : size)];
        var bytes = shape.Aggregate((long)ElementTypes.SizeOf(input.Type), (product, size) => product * size);
        return new Tensor { Name = input.Name, Type = input.Type, Shape = shape, Data = new byte[bytes] };
    }

    /// <summary>The graph's inputs, and those of its values that callers may give others for.</summary>
    private static List<TensorSpec> Inputs(InferenceSession session, IReadOnlyList<string> optional) =>
        [.. session.InputMetadata.Concat(session.OverridableInitializerMetadata.Where(value => optional.Contains(value.Key))).Select(Describe).Select(spec => optional.Contains(spec.Name) ? spec with { Optional = true } : spec)];

    private static TensorSpec Describe(KeyValuePair<string, NodeMetadata> node) => node.Value.IsTensor
        ? new TensorSpec
        {
            Name = node.Key,
            Type = ElementTypes.FromOnnx(node.Value.ElementDataType, node.Key),
            Shape = [.. node.Value.Dimensions.Select(size => (long)size)],
        }
        : throw new InvalidException($"The model's input or output '{node.Key}' is no tensor, and only tensors are served.");
}
