using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using OrleansDL.Serving.Protocol;
using OrleansDL.Serving.Rpc;
using OrleansDL.Serving.Rpc.Wire;

namespace OrleansDL.Serving.SharedMemory;

/// <summary>Registers shared memory over REST.</summary>
internal sealed class SharedMemoryFront(InferenceFront front, SharedMemoryDoor door)
{
    public Task StatusAsync(HttpContext context) => front.GuardAsync(context, async () =>
    {
        var status = await door.StatusAsync(context, RegionOf(context));
        await SendAsync(context, new JsonArray([.. status.Regions.Values.OrderBy(region => region.Name, StringComparer.Ordinal).Select(region => new JsonObject
        {
            ["name"] = region.Name, ["key"] = region.Key, ["offset"] = region.Offset, ["byte_size"] = region.ByteSize,
        })]));
    });

    public Task RegisterAsync(HttpContext context) => front.GuardAsync(context, async () =>
    {
        // Who may not come in has no body read.
        await door.EnterAsync(context);
        try
        {
            await door.RegisterAsync(context, await ReadAsync(context));
        }
        catch (InferenceProtocolException error) when (error.Status == StatusCodes.Status409Conflict)
        {
            // Over REST the protocol has no status of its own for what is there already.
            throw InferenceProtocolException.Invalid(error.Message);
        }
    });

    public Task UnregisterAsync(HttpContext context) => front.GuardAsync(context, () => door.UnregisterAsync(context, RegionOf(context)));

    public Task CudaStatusAsync(HttpContext context) => front.GuardAsync(context, async () =>
    {
        await door.NoCudaAsync(context, RegionOf(context));
        await SendAsync(context, []);
    });

    public Task CudaRegisterAsync(HttpContext context) => front.GuardAsync(context, async () =>
    {
        await door.EnterAsync(context);
        await MembersAsync(context);
        await door.RefuseCudaAsync<object>(context, RegionOf(context)!);
    });

    public Task CudaUnregisterAsync(HttpContext context) => front.GuardAsync(context, () => door.NoCudaAsync(context, null));

    private static string? RegionOf(HttpContext context) => context.Request.RouteValues["region"] as string;

    private static async Task<SystemSharedMemoryRegisterRequest> ReadAsync(HttpContext context)
    {
        var members = await MembersAsync(context);
        try
        {
            return new SystemSharedMemoryRegisterRequest
            {
                Name = RegionOf(context),
                Key = Member(members, "key") is { ValueKind: JsonValueKind.String } key ? key.GetString() : throw Wrong("key", "string"),
                Offset = members.TryGetValue("offset", out var offset) ? Unsigned(offset, "offset") : 0,
                ByteSize = Unsigned(Member(members, "byte_size"), "byte_size"),
            };
        }
        catch (InvalidOperationException error)
        {
            // What a text throws that escapes half a surrogate pair.
            throw InferenceProtocolException.Invalid($"failed to parse the request JSON buffer: {error.Message}");
        }
    }

    private static async Task<Dictionary<string, JsonElement>> MembersAsync(HttpContext context)
    {
        var body = await RequestBody.ReadAsync(context, SettingsBody.MaximumBytes, keep: true);
        try
        {
            var members = new Dictionary<string, JsonElement>(StringComparer.Ordinal);
            foreach (var (name, value) in SettingsBody.Read(body.Bytes))
            {
                members[name] = value;
            }

            return members;
        }
        finally
        {
            body.Parsed();
            body.Return();
        }
    }

    private static JsonElement Member(Dictionary<string, JsonElement> members, string name) => members.TryGetValue(name, out var value)
        ? value
        : throw InferenceProtocolException.Invalid($"Shared memory register request has no '{name}' field");

    private static ulong Unsigned(JsonElement value, string name) => value.ValueKind is JsonValueKind.Number && value.TryGetUInt64(out var number) ? number : throw Wrong(name, "unsigned-integer");

    private static InferenceProtocolException Wrong(string name, string type) => InferenceProtocolException.Invalid($"Unable to parse '{name}': attempt to access JSON non-{type} as {type}");

    private static async Task SendAsync(HttpContext context, JsonArray json)
    {
        var bytes = ProtocolJson.Serialize(json);
        context.Response.ContentType = "application/json";
        context.Response.ContentLength = bytes.Length;
        await context.Response.BodyWriter.WriteAsync(bytes);
    }
}
