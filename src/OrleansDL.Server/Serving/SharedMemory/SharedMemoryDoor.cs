using System.Net;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;
using OrleansDL.Serving.Protocol;
using OrleansDL.Serving.Rpc.Wire;

namespace OrleansDL.Serving.SharedMemory;

/// <summary>Lets requests at the regions of their project: if shared memory is switched on, and for callers on this machine alone.</summary>
internal sealed class SharedMemoryDoor(RegionTable table, InferenceAccess access, IOptions<SharedMemoryOptions> options)
{
    public const string Disabled = "Client shared memory is disabled. Start the server with '--allow-client-shm=true' to enable. (Here it is the setting Serving:SharedMemory:Enabled.)";

    // What proxies say of whom they speak for: the connection is theirs, the memory is not.
    private static readonly string[] ProxyHeaders = ["Forwarded", "X-Forwarded-For", "X-Real-IP", "Via"];

    /// <summary>What the server says it implements beyond the protocol's core.</summary>
    public string[] Extensions { get; } = options.Value.Enabled
        ? [.. ProtocolBodies.Extensions.TakeWhile(name => name != "binary_tensor_data"), "system_shared_memory", .. ProtocolBodies.Extensions.SkipWhile(name => name != "binary_tensor_data")]
        : ProtocolBodies.Extensions;

    /// <summary>Holds the regions that a request names, with its inputs read from them.</summary>
    /// <param name="context">Says who asks, and in which project.</param>
    /// <param name="call">The request; it has been held against the model's signature.</param>
    /// <param name="model">What messages call the model.</param>
    /// <exception cref="InferenceProtocolException">Shared memory is off, or is not where the request says.</exception>
    public async ValueTask<SharedTensors> TakeAsync(HttpContext context, InferenceCall call, string model)
    {
        // A public deployment answers everyone; the project's memory is the project's.
        var tensors = new SharedTensors(table, await EnterAsync(context), call.Shared!, options.Value.MaximumRequestBytes);
        try
        {
            tensors.Read(call, model);
            return tensors;
        }
        catch
        {
            tensors.Dispose();
            throw;
        }
    }

    /// <param name="context">Says who asks, and in which project.</param>
    /// <param name="name">One region; null or empty: all of the project.</param>
    /// <exception cref="InferenceProtocolException">There is none of that name.</exception>
    public async Task<SystemSharedMemoryStatusResponse> StatusAsync(HttpContext context, string? name)
    {
        var regions = table.List(await EnterAsync(context));
        if (!string.IsNullOrEmpty(name))
        {
            regions = [.. regions.Where(region => region.Name == name)];
            if (regions.Count == 0)
            {
                throw new InferenceProtocolException(404, $"Unable to find system shared memory region: '{name}'");
            }
        }

        var response = new SystemSharedMemoryStatusResponse();
        foreach (var region in regions)
        {
            response.Regions[region.Name] = new() { Name = region.Name, Key = region.Key, Offset = (ulong)region.Offset, ByteSize = (ulong)region.Bytes };
        }

        return response;
    }

    /// <inheritdoc cref="RegionTable.Register"/>
    public async Task<SystemSharedMemoryRegisterResponse> RegisterAsync(HttpContext context, SystemSharedMemoryRegisterRequest request)
    {
        table.Register(await EnterAsync(context), request.Name, request.Key, request.Offset, request.ByteSize);
        return new SystemSharedMemoryRegisterResponse();
    }

    /// <inheritdoc cref="RegionTable.Unregister"/>
    public async Task<SystemSharedMemoryUnregisterResponse> UnregisterAsync(HttpContext context, string? name)
    {
        table.Unregister(await EnterAsync(context), name);
        return new SystemSharedMemoryUnregisterResponse();
    }

    /// <summary>Memory of a graphics card is never registered, so there is none to tell of, and none to let go.</summary>
    /// <param name="context">Says who asks.</param>
    /// <param name="region">One region; null or empty: all of them.</param>
    public async Task NoCudaAsync(HttpContext context, string? region)
    {
        await EnterAsync(context);
        if (!string.IsNullOrEmpty(region))
        {
            throw new InferenceProtocolException(404, $"Unable to find cuda shared memory region: '{region}'");
        }
    }

    public async Task<T> RefuseCudaAsync<T>(HttpContext context, string region)
    {
        await EnterAsync(context);
        throw InferenceProtocolException.Unsupported(
            $"failed to register CUDA shared memory region: '{region}', GPUs not supported. Register system shared memory, or send the tensors in the request.");
    }

    /// <param name="context">Says who asks, and in which project.</param>
    /// <returns>The project whose regions the caller may use.</returns>
    public async ValueTask<string> EnterAsync(HttpContext context)
    {
        if (!options.Value.Enabled)
        {
            throw InferenceProtocolException.Unsupported(Disabled);
        }

        if (context.Connection.RemoteIpAddress is not { } caller || !IPAddress.IsLoopback(caller.IsIPv4MappedToIPv6 ? caller.MapToIPv4() : caller)
            || ProxyHeaders.Any(context.Request.Headers.ContainsKey))
        {
            throw new InferenceProtocolException(403, "Shared memory is for callers on the server's own machine, over its loopback address and without a proxy. Send the tensors in the request.");
        }

        var project = await access.ProjectOfAsync(context);
        await access.CheckAsync(context, project, null);
        return project;
    }
}
