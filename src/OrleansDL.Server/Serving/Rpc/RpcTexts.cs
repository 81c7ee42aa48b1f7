using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Google.Protobuf;
using Grpc.Core;
using OrleansDL.Serving.Generation;
using OrleansDL.Serving.Protocol;
using OrleansDL.Serving.Rpc.Wire;

namespace OrleansDL.Serving.Rpc;

/// <summary>Texts continued, and answers of decoupled models, on one stream, beside one another and beside what else is answered on it: each part is an answer of its own, the last one says so.</summary>
internal sealed class RpcTexts(Generations generations, DecoupledAnswers decoupled, RpcErrors errors, IServerStreamWriter<ModelStreamInferResponse> responses, ServerCallContext context, bool stopOnError) : IAsyncDisposable
{
    public const string InferenceId = "odl-inference-id";
    public const string Final = "triton_final_response";
    private const int MaximumAtOnce = 256;
    private const string WantsEmptyFinal = "triton_enable_empty_final_response";

    private readonly SemaphoreSlim _writing = new(1);
    private readonly CancellationTokenSource _ending = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken);
    private CancellationToken? _endingToken;
    private readonly List<Task> _running = [];
    private Exception? _failure;

    /// <summary>The stream ends: its caller left, or an error ended it.</summary>
    public CancellationToken Ending => _endingToken ??= _ending.Token;

    /// <summary>Whether a request gets any number of answers: it holds a text to continue, for a model that does so, or its model is decoupled.</summary>
    public static bool HasParts(ModelInferRequest request, Route route) =>
        route.Signature?.Decoupled is true || (route.Signature?.Generation is not null && request.Inputs.Any(input => input.Name == GenerateFront.TextInput));

    public async Task WriteAsync(ModelStreamInferResponse response)
    {
        await _writing.WaitAsync(Ending);
        try
        {
            await responses.WriteAsync(response, Ending);
        }
        finally
        {
            _writing.Release();
        }
    }

    /// <summary>Returns when the request is begun: with many at once on this stream, when one of them is over.</summary>
    public async Task BeginAsync(RouteEntry entry, ModelInferRequest request)
    {
        _running.RemoveAll(task => task.IsCompletedSuccessfully);
        while (_running.Count(task => !task.IsCompleted) >= MaximumAtOnce)
        {
            await Task.WhenAny(_running.Where(task => !task.IsCompleted)).WaitAsync(Ending);
        }

        _running.Add(RunAsync(entry, request));
    }

    /// <summary>Ends the stream with an error, the first of several; nothing when it ends anyway.</summary>
    public async Task FailAsync(Exception error)
    {
        if (!Ending.IsCancellationRequested)
        {
            _failure ??= error;
            await _ending.CancelAsync();
        }
    }

    /// <summary>Returns when all texts are over.</summary>
    /// <exception cref="Exception">What ended the stream.</exception>
    public async Task EndAsync()
    {
        await Task.WhenAll(_running);
        if (_failure is not null)
        {
            throw _failure;
        }
    }

    /// <summary>Ends the texts that are not over.</summary>
    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync();
        await Task.WhenAll(_running).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _writing.Dispose();
        _ending.Dispose();
    }

    private async Task RunAsync(RouteEntry entry, ModelInferRequest request)
    {
        try
        {
            await ContinueAsync(entry, request);
        }
        catch (Exception) when (Ending.IsCancellationRequested)
        {
            // Nobody reads any more.
        }
        catch (Exception error) when (stopOnError)
        {
            await FailAsync(error);
        }
        catch (Exception error)
        {
            await WriteAsync(new ModelStreamInferResponse { ErrorMessage = errors.ToRpc(error, context).Status.Detail, InferResponse = new ModelInferResponse { Id = request.Id } });
        }
    }

    private async Task ContinueAsync(RouteEntry entry, ModelInferRequest request)
    {
        // The stream goes on reading while the text is begun.
        await Task.Yield();
        if (entry.Signature?.Decoupled is true)
        {
            await AnswerAsync(entry, request);
            return;
        }

        await using var run = await generations.BeginAsync(entry, Read(request, entry.Route.Name), Ending);
        do
        {
            await WriteAsync(new ModelStreamInferResponse { InferResponse = Response(request, run) });
        }
        while (await run.NextAsync());
    }

    private async Task AnswerAsync(RouteEntry entry, ModelInferRequest request)
    {
        await using var run = await decoupled.BeginAsync(entry, RpcRequestReader.Read(request, entry.Route.Name), Ending);
        while (await run.NextAsync())
        {
            await WriteAsync(DecoupledMessages.Of(request, run, run.Current));
        }

        // Which answer is the last is known after it, and none is held back for that.
        if (request.Parameters.TryGetValue(WantsEmptyFinal, out var wants) && wants.BoolParam)
        {
            await WriteAsync(DecoupledMessages.Of(request, run, null));
        }
    }

    private static GenerateRequest Read(ModelInferRequest request, string model)
    {
        var call = RpcRequestReader.Read(request, model);
        if (call.Shared is not null)
        {
            throw InferenceProtocolException.Unsupported("a text to continue, and its parts, do not go through shared memory: send it in the request");
        }

        return call.Inputs is [{ Name: GenerateFront.TextInput, Type: TensorElementType.Bytes, Data.Length: >= sizeof(uint) } input]
            && BinaryPrimitives.ReadUInt32LittleEndian(input.Data.Span) == input.Data.Length - sizeof(uint)
            ? GenerateFields.Read(Encoding.UTF8.GetString(input.Data.Span[sizeof(uint)..]), name => request.Parameters.TryGetValue(name, out var value) ? Json(value) : null)
            : throw InferenceProtocolException.Invalid($"a text to continue comes as one input, '{GenerateFront.TextInput}', of one BYTES element");
    }

    private static ModelInferResponse Response(ModelInferRequest request, GenerationRun run)
    {
        var piece = run.Current;
        var response = new ModelInferResponse
        {
            ModelName = run.Route.Name,
            ModelVersion = run.Route.ModelVersion.ToString(CultureInfo.InvariantCulture),
            Id = request.Id,
            Parameters = { [Final] = new InferParameter { BoolParam = piece.End is not null }, [InferenceId] = new InferParameter { StringParam = run.Id.ToString() } },
        };
        if (piece.End is { } end)
        {
            response.Parameters["finish_reason"] = new InferParameter { StringParam = end is GenerateEnd.Stop ? "stop" : "length" };
            response.Parameters["prompt_tokens"] = new InferParameter { Int64Param = piece.GivenTokens };
            response.Parameters["completion_tokens"] = new InferParameter { Int64Param = piece.Tokens };
        }

        var mayBeEmpty = request.Parameters.TryGetValue(WantsEmptyFinal, out var wants) && wants.BoolParam;
        if (piece.Text.Length > 0 || !mayBeEmpty)
        {
            var text = Encoding.UTF8.GetBytes(piece.Text);
            var bytes = new byte[sizeof(uint) + text.Length];
            BinaryPrimitives.WriteInt32LittleEndian(bytes, text.Length);
            text.CopyTo(bytes, sizeof(uint));
            response.Outputs.Add(new ModelInferResponse.Types.InferOutputTensor { Name = GenerateFront.TextOutput, Datatype = "BYTES", Shape = { 1 } });
            response.RawOutputContents.Add(UnsafeByteOperations.UnsafeWrap(bytes));
        }

        return response;
    }

    private static JsonElement Json(InferParameter value) => value.ParameterChoiceCase switch
    {
        InferParameter.ParameterChoiceOneofCase.BoolParam => JsonSerializer.SerializeToElement(value.BoolParam),
        InferParameter.ParameterChoiceOneofCase.Int64Param => JsonSerializer.SerializeToElement(value.Int64Param),
        InferParameter.ParameterChoiceOneofCase.Uint64Param => JsonSerializer.SerializeToElement(value.Uint64Param),
        InferParameter.ParameterChoiceOneofCase.DoubleParam => JsonSerializer.SerializeToElement(value.DoubleParam),
        _ => JsonSerializer.SerializeToElement(value.StringParam),
    };
}
