using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using OrleansDL.Blobs;
using OrleansDL.Events;
using OrleansDL.Models;
using OrleansDL.Nodes;
using OrleansDL.Projects;
using OrleansDL.Serving;

namespace OrleansDL.Tests.Serving;

/// <summary>Server and worker in one silo with its HTTP front, on a SQLite file in a temporary folder; it can be started again on the same folder.</summary>
internal sealed class ServingNode : IAsyncDisposable
{
    public const string Model = "offset";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private readonly string _folder;
    private readonly NodeOptions _options;
    private WebApplication _app = null!;

    private ServingNode(string folder, NodeOptions options) => (_folder, _options) = (folder, options);

    public IServiceProvider Services => _app.Services;

    public IGrainFactory Grains => Services.GetRequiredService<IGrainFactory>();

    public IDeploymentsGrain Deployments => Grains.GetGrain<IDeploymentsGrain>(Project.Default);

    public Uri Url => new(_app.Urls.First());

    public Uri RpcUrl => new(_app.Urls.ElementAt(1));

    public static async Task<ServingNode> StartAsync(IReadOnlyDictionary<string, string?>? settings = null, bool unsafeUserCode = false)
    {
        var folder = Directory.CreateTempSubdirectory("odl-test-").FullName;
        var node = new ServingNode(folder, InProcess.Options(folder, worker: true) with { Settings = settings ?? new Dictionary<string, string?>(), UnsafeUserCode = unsafeUserCode });
        await node.RunAsync();
        return node;
    }

    /// <summary>A client of the front, with the first token unless told otherwise.</summary>
    public HttpClient Client(bool withToken = true)
    {
        var client = new HttpClient { BaseAddress = Url };
        if (withToken)
        {
            client.DefaultRequestHeaders.Authorization = new("Bearer", File.ReadAllText(Path.Combine(_folder, "admin.token")).Trim());
        }

        return client;
    }

    /// <summary>Registers the next version of the model, whose answers are its inputs plus <paramref name="offset"/>.</summary>
    public Task<ModelVersion> RegisterAsync(float offset) => RegisterAsync(OffsetModel.Write(offset));

    public async Task<ModelVersion> RegisterAsync(byte[] onnx, string name = Model, ModelOrigin origin = ModelOrigin.Unknown)
    {
        var model = await Grains.GetGrain<IModelsGrain>(Project.Default).EnsureAsync(name);
        var blob = await Services.GetRequiredService<BlobStore>().PutAsync(onnx);
        return await Grains.GetGrain<IModelGrain>(model.Id).RegisterAsync(new ModelRegistration
        {
            Id = Guid.CreateVersion7(),
            Artifact = new Dictionary<string, BlobRef> { ["model.onnx"] = blob },
            Origin = origin,
        });
    }

    /// <summary>Registers an artifact's files as a version of a model of that name.</summary>
    public async Task<ModelVersion> RegisterFolderAsync(string name, string folder, ModelOrigin origin = ModelOrigin.Unknown)
    {
        var model = await Grains.GetGrain<IModelsGrain>(Project.Default).EnsureAsync(name);
        var artifact = new Dictionary<string, BlobRef>();
        foreach (var file in Directory.GetFiles(folder))
        {
            artifact[Path.GetFileName(file)] = await Services.GetRequiredService<BlobStore>().PutAsync(await File.ReadAllBytesAsync(file));
        }

        return await Grains.GetGrain<IModelGrain>(model.Id).RegisterAsync(new ModelRegistration { Id = Guid.CreateVersion7(), Artifact = artifact, Origin = origin });
    }

    public async Task<Deployment> DeployAsync(string name, bool isPublic = false, BatchingSpec? batching = null, string model = Model, SequenceSpec? sequence = null)
    {
        var deployment = await Deployments.CreateAsync(Guid.CreateVersion7(), new DeploymentSpec { Name = name, Model = model, Public = isPublic, Batching = batching, Sequence = sequence });
        return await UntilAsync(deployment.Id, current => current.Status is DeploymentStatus.Ready or DeploymentStatus.Failed);
    }

    public Task<Deployment> ServeAsync(Deployment deployment, long version) => Grains.GetGrain<IDeploymentGrain>(deployment.Id).UpdateAsync(
        Guid.CreateVersion7(),
        new DeploymentSpec { Name = deployment.Name, Model = $"{Model}@{version}", Public = deployment.Public },
        ifMatch: null);

    public async Task<Deployment> UntilAsync(Guid deployment, Func<Deployment, bool> condition)
    {
        var began = TimeProvider.System.GetTimestamp();
        while (true)
        {
            var next = Services.GetRequiredService<EventSignal>().NextAsync(Project.Default);
            var current = await Grains.GetGrain<IDeploymentGrain>(deployment).GetAsync();
            if (condition(current))
            {
                return current;
            }

            if (TimeProvider.System.GetElapsedTime(began) > Patience)
            {
                throw new TimeoutException($"It did not happen: deployment '{current.Name}' is {current.Status}, serving version {current.ServingVersion}. {current.Reason}");
            }

            await Task.WhenAny(next, Task.Delay(TimeSpan.FromMilliseconds(50)));
        }
    }

    /// <summary>As the other, for a deployment that may not be there yet.</summary>
    public async Task<Deployment> UntilAsync(string name, Func<Deployment, bool> condition)
    {
        var began = TimeProvider.System.GetTimestamp();
        while (true)
        {
            var next = Services.GetRequiredService<EventSignal>().NextAsync(Project.Default);
            try
            {
                return await UntilAsync((await Deployments.GetAsync(name)).Id, condition);
            }
            catch (NotFoundException) when (TimeProvider.System.GetElapsedTime(began) < Patience)
            {
                await Task.WhenAny(next, Task.Delay(TimeSpan.FromMilliseconds(50)));
            }
        }
    }

    /// <summary>Stops the node and starts it again on the same folder and ports; nobody asks for anything.</summary>
    public async Task RestartAsync()
    {
        await StopAsync();
        await RunAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        Directory.Delete(_folder, recursive: true);
    }

    private async Task RunAsync() => _app = await InProcess.StartAsync(_options);

    private async Task StopAsync()
    {
        await _app.StopAsync();
        await _app.DisposeAsync();
    }
}
