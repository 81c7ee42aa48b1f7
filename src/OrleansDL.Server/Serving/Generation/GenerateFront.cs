using System.Buffers;
using System.Globalization;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;
using OrleansDL.Serving.Limits;
using OrleansDL.Serving.Protocol;

namespace OrleansDL.Serving.Generation;

/// <summary>The inference protocol's generate: flat JSON in, flat JSON out, at once or as it comes. A model that continues texts takes <c>text_input</c>; any other its own inputs by name.</summary>
internal sealed class GenerateFront(InferenceFront front, Generations generations, DecoupledAnswers decoupled, Router router, IServingObserver observer, TimeProvider time, IOptions<ServingOptions> options, RateLimits limits, HeaderForwarding forwarding)
{
    public const string TextInput = "text_input";
    public const string TextOutput = "text_output";

    public Task GenerateAsync(HttpContext context) => front.GuardAsync(context, async () =>
    {
        var (entry, body) = await ReadAsync(context);
        var signature = InferenceModels.SignatureOf(entry);
        if (signature.Decoupled is true)
        {
            await AnswerOnceAsync(context, entry, GenerateTensors.Read(body, signature));
            return;
        }

        if (signature.Generation is null)
        {
            var (route, answer, call) = await InferAsync(context, entry, body);
            await AnswerAsync(context, json => WriteTensors(json, call.Id, route, answer));
            return;
        }

        await using var run = await generations.BeginAsync(entry, Request(body), context.RequestAborted);
        var text = await run.RestAsync();
        Head(context, run.Route, run.Id);
        await AnswerAsync(context, json => WritePart(json, body.Text("id"), run, text));
    });

    public Task StreamAsync(HttpContext context) => front.GuardAsync(context, async () =>
    {
        var (entry, body) = await ReadAsync(context);
        var (id, events, signature) = (body.Text("id"), new EventStream(context), InferenceModels.SignatureOf(entry));
        if (signature.Decoupled is true)
        {
            await AnswersAsync(context, entry, GenerateTensors.Read(body, signature), events);
            return;
        }

        if (signature.Generation is null)
        {
            var (route, answer, _) = await InferAsync(context, entry, body);
            events.Begin();
            await events.WriteAsync(json => WriteTensors(json, id, route, answer));
            return;
        }

        await using var run = await generations.BeginAsync(entry, Request(body), context.RequestAborted);
        Head(context, run.Route, run.Id);
        events.Begin();
        try
        {
            do
            {
                await events.WriteAsync(json => WritePart(json, id, run, run.Current.Text));
            }
            while (await run.NextAsync());
        }
        catch (Exception error) when (!context.RequestAborted.IsCancellationRequested)
        {
            await FailAsync(context, events, error);
        }
    });

    /// <summary>An answer of a decoupled model is an event, as soon as it is there.</summary>
    private async Task AnswersAsync(HttpContext context, RouteEntry entry, InferenceCall call, EventStream events)
    {
        await using var run = await decoupled.BeginAsync(entry, call, context.RequestAborted);
        Head(context, run.Route, run.Id);
        events.Begin();
        try
        {
            while (await run.NextAsync())
            {
                await events.WriteAsync(json => WriteTensors(json, call.Id, run.Route, run.Current));
            }
        }
        catch (Exception error) when (!context.RequestAborted.IsCancellationRequested)
        {
            await FailAsync(context, events, error);
        }
    }

    private async Task AnswerOnceAsync(HttpContext context, RouteEntry entry, InferenceCall call)
    {
        await using var run = await decoupled.BeginAsync(entry, call, context.RequestAborted);
        var only = await run.NextAsync() ? run.Current : null;
        if (only is null || await run.NextAsync())
        {
            throw InferenceProtocolException.Invalid("generate expects model to produce exactly 1 response, use generate stream for model that generates various number of responses");
        }

        Head(context, run.Route, run.Id);
        await AnswerAsync(context, json => WriteTensors(json, call.Id, run.Route, only));
    }

    private async Task FailAsync(HttpContext context, EventStream events, Exception error)
    {
        var message = front.Describe(context, error).Message;
        await events.WriteAsync(json =>
        {
            json.WriteStartObject();
            json.WriteString("error", message);
            json.WriteEndObject();
        });
    }

    private static GenerateRequest Request(GenerateBody body) => GenerateFields.Read(
        body.Text(TextInput) ?? throw InferenceProtocolException.Invalid($"the request has no '{TextInput}', the text to go on from"), name => body[name]);

    private async Task<(RouteEntry Entry, GenerateBody Body)> ReadAsync(HttpContext context)
    {
        var entry = (await front.FindAsync(context)).Choose(context.Request.Headers);
        limits.Enter(context, entry.Route);
        return (entry, await GenerateBody.ReadAsync(context, options.Value.MaximumRequestBytes));
    }

    private async Task<(Route Route, InferAnswer Answer, InferenceCall Call)> InferAsync(HttpContext context, RouteEntry entry, GenerateBody body)
    {
        var started = time.GetTimestamp();
        try
        {
            var signature = InferenceModels.SignatureOf(entry);
            var call = GenerateTensors.Read(body, signature);
            forwarding.OfHttp(call, context.Request.Headers);
            InferenceRequestCheck.Check(call, signature, entry.Route.Name, entry.Route.Configuration?.MaximumBatchSize ?? 0);
            var request = call.ToRequest();
            var (route, answer) = await router.InferAsync(entry, request, context.RequestAborted);
            var id = InferenceId.New(answer.Generation ?? route.Generation!.Value, time);
            entry.Aside?.OnAnswer(route, id, request, answer);
            observer.OnAnswer(route, time.GetElapsedTime(started), answer.TopSpan());
            Head(context, route, id);
            return (route, answer, call);
        }
        catch (Exception error) when (error is not OperationCanceledException)
        {
            observer.OnError(entry.Route, time.GetElapsedTime(started), ProtocolError.Of(error)?.Status ?? StatusCodes.Status500InternalServerError);
            throw;
        }
    }

    private static void Head(HttpContext context, Route route, Guid id)
    {
        context.Response.Headers[InferenceFront.InferenceIdHeader] = id.ToString();
        context.Response.Headers[InferenceFront.ModelVersionHeader] = route.ModelVersion.ToString(CultureInfo.InvariantCulture);
    }

    private static async Task AnswerAsync(HttpContext context, Action<Utf8JsonWriter> write)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer))
        {
            write(json);
        }

        context.Response.ContentType = "application/json";
        context.Response.ContentLength = buffer.WrittenCount;
        await context.Response.BodyWriter.WriteAsync(buffer.WrittenMemory);
    }

    private static void WriteTensors(Utf8JsonWriter json, string? id, Route route, InferAnswer answer)
    {
        WriteHead(json, id, route);
        foreach (var output in answer.Outputs)
        {
            GenerateTensors.Write(json, output);
        }

        json.WriteEndObject();
    }

    private static void WritePart(Utf8JsonWriter json, string? id, GenerationRun run, string text)
    {
        WriteHead(json, id, run.Route);
        json.WriteString(TextOutput, text);
        if (run.Current.End is { } end)
        {
            json.WriteString("finish_reason", end is GenerateEnd.Stop ? "stop" : "length");
            json.WriteNumber("prompt_tokens", run.Current.GivenTokens);
            json.WriteNumber("completion_tokens", run.Current.Tokens);
        }

        json.WriteEndObject();
    }

    private static void WriteHead(Utf8JsonWriter json, string? id, Route route)
    {
        json.WriteStartObject();
        if (!string.IsNullOrEmpty(id))
        {
            json.WriteString("id", id);
        }

        json.WriteString("model_name", route.Name);
        json.WriteString("model_version", route.ModelVersion.ToString(CultureInfo.InvariantCulture));
    }
}
