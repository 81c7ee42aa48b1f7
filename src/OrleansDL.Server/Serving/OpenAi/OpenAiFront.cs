using System.Buffers;
using System.Runtime.InteropServices;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;
using OrleansDL.Serving.Generation;
using OrleansDL.Serving.Limits;
using OrleansDL.Serving.Protocol;

namespace OrleansDL.Serving.OpenAi;

/// <summary>Answers OpenAI's models, completions, chat completions and embeddings from deployments.</summary>
internal sealed class OpenAiFront(
    InferenceFront front, InferenceModels models, Generations generations, Router router, IServingObserver observer, TimeProvider time, IOptions<ServingOptions> options, RateLimits limits)
{
    private static readonly ReadOnlyMemory<byte> Done = "[DONE]"u8.ToArray();

    public Task ModelsAsync(HttpContext context) => GuardAsync(context, async () =>
    {
        var entries = await models.ListAsync(context);
        await AnswerAsync(context, 200, json =>
        {
            json.WriteStartObject();
            json.WriteString("object", "list");
            json.WriteStartArray("data");
            foreach (var entry in entries.Where(entry => entry.Route.Generation is not null))
            {
                WriteModel(json, entry.Route);
            }

            json.WriteEndArray();
            json.WriteEndObject();
        });
    });

    public Task ModelAsync(HttpContext context) => GuardAsync(context, async () =>
    {
        var entry = await FindAsync(context, (string)context.Request.RouteValues["model"]!);
        await AnswerAsync(context, 200, json => WriteModel(json, entry.Route));
    });

    public Task CompletionsAsync(HttpContext context) => GuardAsync(context, async () =>
    {
        var (entry, name, body) = await ReadAsync(context);
        await ContinueAsync(context, entry, name, body, OpenAiRequest.Texts(body, "prompt"), isChat: false);
    });

    public Task ChatAsync(HttpContext context) => GuardAsync(context, async () =>
    {
        var (entry, name, body) = await ReadAsync(context);
        await ContinueAsync(context, entry, name, body, [ChatTemplate.Apply(body["messages"])], isChat: true);
    });

    public Task EmbeddingsAsync(HttpContext context) => GuardAsync(context, async () =>
    {
        var (entry, name, body) = await ReadAsync(context);
        var texts = OpenAiRequest.Texts(body, "input");
        var format = body["encoding_format"] is null ? "float" : OpenAiRequest.Text(body, "encoding_format");
        if (format is not ("float" or "base64"))
        {
            throw OpenAiException.Invalid("'encoding_format' is float or base64.", "encoding_format");
        }

        var (route, id, answer) = await PredictAsync(entry, texts, context.RequestAborted);
        var vectors = answer.Vectors ?? throw new OpenAiException(400, $"The model '{name}' gives no embeddings. Ask one that was trained with head.kind 'embedding'.", "model");
        if (GenerateFields.Integer(body["dimensions"], "dimensions") is { } width && width != vectors[0].Count)
        {
            throw OpenAiException.Invalid($"'dimensions' can only be {vectors[0].Count} for the model '{name}'.", "dimensions");
        }

        Head(context, route, id);
        await AnswerAsync(context, 200, json => WriteEmbeddings(json, name, vectors, isBase64: format == "base64", answer.Tokens?.Sum() ?? 0));
    });

    private async Task ContinueAsync(HttpContext context, RouteEntry entry, string name, GenerateBody body, IReadOnlyList<string> texts, bool isChat)
    {
        var facts = InferenceModels.SignatureOf(entry).Generation
            ?? throw new OpenAiException(400, $"The model '{name}' continues no texts. Ask one that was trained with head.kind 'next-token'.", "model");
        var requests = texts.Select(text => OpenAiRequest.Read(body, text, isChat ? facts.MaximumTokens : GenerateRequest.DefaultMaximumTokens)).ToList();
        if (!OpenAiRequest.WantsStream(body))
        {
            await WholeAsync(context, entry, name, requests, isChat);
        }
        else if (requests is [var request])
        {
            await StreamAsync(context, entry, name, request, isChat, OpenAiRequest.WantsUsage(body));
        }
        else
        {
            throw OpenAiException.Invalid("A stream takes one 'prompt'.", "prompt");
        }
    }

    private async Task WholeAsync(HttpContext context, RouteEntry entry, string name, List<GenerateRequest> requests, bool isChat)
    {
        // When one fails, the others are not waited for by anyone: they end.
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted);
        try
        {
            var answers = await Task.WhenAll(requests.Select(request => RunAsync(entry, request, ending.Token)));
            var (route, id) = (answers[0].Route, answers[0].Id);
            Head(context, route, id);
            var writer = new OpenAiWriter(isChat, name, id, time.GetUtcNow());
            await AnswerAsync(context, 200, json => writer.Whole(json, [.. answers.Select(answer => (answer.Text, answer.Last))]));
        }
        finally
        {
            await ending.CancelAsync();
        }
    }

    private async Task<(Route Route, Guid Id, string Text, GeneratePiece Last)> RunAsync(RouteEntry entry, GenerateRequest request, CancellationToken cancellationToken)
    {
        await using var run = await generations.BeginAsync(entry, request, cancellationToken);
        var text = await run.RestAsync();
        return (run.Route, run.Id, text, run.Current);
    }

    private async Task StreamAsync(HttpContext context, RouteEntry entry, string name, GenerateRequest request, bool isChat, bool wantsUsage)
    {
        await using var run = await generations.BeginAsync(entry, request, context.RequestAborted);
        Head(context, run.Route, run.Id);
        var writer = new OpenAiWriter(isChat, name, run.Id, time.GetUtcNow()) { TellsUsage = wantsUsage };
        var events = new EventStream(context);
        events.Begin();
        try
        {
            if (isChat)
            {
                await events.WriteAsync(json => writer.Chunk(json, "", isFirst: true, end: null));
            }

            do
            {
                var piece = run.Current;
                if (piece.Text.Length > 0)
                {
                    await events.WriteAsync(json => writer.Chunk(json, piece.Text, isFirst: false, end: null));
                }
            }
            while (await run.NextAsync());
            await events.WriteAsync(json => writer.Chunk(json, null, isFirst: false, run.Current.End));
            if (wantsUsage)
            {
                await events.WriteAsync(json => writer.UsageChunk(json, run.Current));
            }

            await events.WriteAsync(Done);
        }
        catch (Exception error) when (!context.RequestAborted.IsCancellationRequested)
        {
            var told = Describe(context, error);
            await events.WriteAsync(json => WriteError(json, told));
        }
    }

    private async Task<(Route Route, Guid Id, PredictAnswer Answer)> PredictAsync(RouteEntry entry, IReadOnlyList<string> texts, CancellationToken cancellationToken)
    {
        var started = time.GetTimestamp();
        try
        {
            var request = new PredictRequest { Rows = JsonSerializer.SerializeToUtf8Bytes(texts) };
            var (route, answer) = await router.PredictAsync(entry, request, cancellationToken);
            var id = InferenceId.New(route.Generation!.Value, time);
            entry.Aside?.OnAnswer(route, id, request, answer);
            observer.OnAnswer(route, time.GetElapsedTime(started), []);
            return (route, id, answer);
        }
        catch (Exception error) when (error is not OperationCanceledException)
        {
            observer.OnError(entry.Route, time.GetElapsedTime(started), error is OrleansDLException known ? known.Status : 500);
            throw;
        }
    }

    private async Task<(RouteEntry Entry, string Name, GenerateBody Body)> ReadAsync(HttpContext context)
    {
        var body = await GenerateBody.ReadAsync(context, options.Value.MaximumRequestBytes);
        var name = OpenAiRequest.Text(body, "model");
        var entry = (await FindAsync(context, name)).Choose(context.Request.Headers);
        limits.Enter(context, entry.Route);
        return (entry, name, body);
    }

    private async ValueTask<RouteEntry> FindAsync(HttpContext context, string name) =>
        await models.TryFindAsync(context, name) ?? throw new OpenAiException(404, $"The model '{name}' does not exist. GET /openai/v1/models lists those there are.", "model", "model_not_found");

    private async Task GuardAsync(HttpContext context, Func<Task> answer)
    {
        try
        {
            await answer();
        }
        catch (Exception error) when (!context.Response.HasStarted)
        {
            var told = Describe(context, error);
            await AnswerAsync(context, told.Status, json => WriteError(json, told));
        }
    }

    private OpenAiException Describe(HttpContext context, Exception error)
    {
        if (error is OpenAiException known)
        {
            return known;
        }

        var (status, message) = front.Describe(context, error);
        return new OpenAiException(status, message, code: error is TextTooLongException ? "context_length_exceeded" : status switch { 401 => "invalid_api_key", 429 => "rate_limit_exceeded", _ => null });
    }

    private static void Head(HttpContext context, Route route, Guid id)
    {
        context.Response.Headers[InferenceFront.InferenceIdHeader] = id.ToString();
        context.Response.Headers[InferenceFront.ModelVersionHeader] = route.ModelVersion.ToString(System.Globalization.CultureInfo.InvariantCulture);
    }

    private static async Task AnswerAsync(HttpContext context, int status, Action<Utf8JsonWriter> write)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer))
        {
            write(json);
        }

        context.Response.StatusCode = status;
        context.Response.ContentType = "application/json";
        context.Response.ContentLength = buffer.WrittenCount;
        if (status == StatusCodes.Status503ServiceUnavailable)
        {
            context.Response.Headers.RetryAfter = "1";
        }

        await context.Response.BodyWriter.WriteAsync(buffer.WrittenMemory);
    }

    private static void WriteError(Utf8JsonWriter json, OpenAiException error)
    {
        json.WriteStartObject();
        json.WriteStartObject("error");
        json.WriteString("message", error.Message);
        json.WriteString("type", error.Status switch { 401 => "authentication_error", 403 => "permission_error", 429 => "rate_limit_error", >= 500 => "server_error", _ => "invalid_request_error" });
        json.WriteString("param", error.Field);
        json.WriteString("code", error.Code);
        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static void WriteModel(Utf8JsonWriter json, Route route)
    {
        json.WriteStartObject();
        json.WriteString("id", route.Name);
        json.WriteString("object", "model");
        json.WriteNumber("created", CreatedAt(route.Deployment));
        json.WriteString("owned_by", route.Project);
        json.WriteEndObject();
    }

    /// <summary>Ids of deployments are UUIDv7: they begin with the milliseconds since 1970.</summary>
    private static long CreatedAt(Guid id)
    {
        Span<byte> bytes = stackalloc byte[16];
        id.TryWriteBytes(bytes, bigEndian: true, out _);
        return (System.Buffers.Binary.BinaryPrimitives.ReadInt64BigEndian(bytes) >>> 16) / 1000;
    }

    private static void WriteEmbeddings(Utf8JsonWriter json, string name, IReadOnlyList<IReadOnlyList<float>> vectors, bool isBase64, int tokens)
    {
        json.WriteStartObject();
        json.WriteString("object", "list");
        json.WriteStartArray("data");
        foreach (var (index, vector) in vectors.Index())
        {
            json.WriteStartObject();
            json.WriteString("object", "embedding");
            json.WriteNumber("index", index);
            if (isBase64)
            {
                json.WriteBase64String("embedding", MemoryMarshal.AsBytes<float>([.. vector]));
            }
            else
            {
                json.WriteStartArray("embedding");
                foreach (var value in vector)
                {
                    json.WriteNumberValue(value);
                }

                json.WriteEndArray();
            }

            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteString("model", name);
        json.WriteStartObject("usage");
        json.WriteNumber("prompt_tokens", tokens);
        json.WriteNumber("total_tokens", tokens);
        json.WriteEndObject();
        json.WriteEndObject();
    }
}
