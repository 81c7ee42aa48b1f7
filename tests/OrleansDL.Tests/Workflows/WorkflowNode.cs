using System.Net.Http.Headers;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using OrleansDL.Access;
using OrleansDL.Database;
using OrleansDL.Events;
using OrleansDL.Identity;
using OrleansDL.Workflows;
using OrleansDL.Workflows.Steps;

namespace OrleansDL.Tests.Workflows;

/// <summary>A server on SQLite whose workflows meet the fake world. It can be stopped, and another one started on its folder.</summary>
public sealed class WorkflowNode : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private readonly string _folder = Directory.CreateTempSubdirectory("odl-workflows-").FullName;
    private WebApplication? _app;

    internal FakeWorld World { get; private set; } = new();

    internal Db Db => Services.GetRequiredService<Db>();

    internal IServiceProvider Services => _app!.Services;

    internal IGrainFactory Grains => Services.GetRequiredService<IGrainFactory>();

    internal IWorkflowsGrain Workflows => Grains.GetGrain<IWorkflowsGrain>(FakeWorld.Project);

    internal EventLog Events => Services.GetRequiredService<EventLog>();

    public async Task InitializeAsync()
    {
        var grains = new FakeGrains(() => World);
        _app = await InProcess.StartAsync(InProcess.Options(_folder), services =>
        {
            services.RemoveAll<IStepAction>();
            services.AddSingleton<IStepAction>(new TrainStep(grains));
            services.AddSingleton<IStepAction>(new EvaluateStep(grains));
            services.AddSingleton<IStepAction>(new DeployStep(grains));
            services.Replace(ServiceDescriptor.Singleton(new ReferenceChecker(grains)));
        });
        World.Events = Events;
    }

    /// <summary>Takes away what a test left, so that the next one finds an empty world.</summary>
    public async Task ResetAsync()
    {
        foreach (var workflow in (await Workflows.ListAsync(PageRequest.First)).Items)
        {
            var grain = Grains.GetGrain<IWorkflowGrain>(workflow.Id);
            await grain.EnableAsync(false);
            foreach (var run in (await Workflows.ListRunsAsync(workflow.Name, PageRequest.First)).Items.Where(run => run.FinishedAt is null))
            {
                await Grains.GetGrain<IWorkflowRunGrain>(run.Id).CancelAsync();
                await EndedAsync(run.Id);
            }

            await grain.DeleteAsync(null);
        }

        World = new FakeWorld { Events = Events };
    }

    public async Task StopAsync()
    {
        await _app!.StopAsync();
        await _app.DisposeAsync();
    }

    public async Task DisposeAsync()
    {
        await StopAsync();
        Microsoft.Data.Sqlite.SqliteConnection.ClearAllPools();
        Directory.Delete(_folder, recursive: true);
    }

    internal async Task<HttpClient> ClientAsync()
    {
        var address = Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
        var token = await Services.GetRequiredService<TokenStore>().CreateAsync(new TokenSpec { Title = "test", Role = Role.Developer });
        return new HttpClient
        {
            BaseAddress = new Uri($"{address}/v1/projects/{FakeWorld.Project}/"),
            DefaultRequestHeaders = { Authorization = new AuthenticationHeaderValue("Bearer", token.Secret) },
        };
    }

    internal Task<Workflow> PutAsync(string yaml) => Workflows.PutAsync(Guid.CreateVersion7(), yaml);

    internal Task<WorkflowRun> EndedAsync(Guid run) => UntilAsync(() => Workflows.GetRunAsync(run), found => found.FinishedAt is not null);

    /// <summary>The one run of a workflow, once it has ended.</summary>
    internal async Task<WorkflowRun> EndedAsync(string workflow)
    {
        var runs = await UntilAsync(() => Workflows.ListRunsAsync(workflow, PageRequest.First), page => page.Items.Count > 0 && page.Items.All(run => run.FinishedAt is not null));
        return Assert.Single(runs.Items);
    }

    /// <summary>Reads anew with every event until the condition holds.</summary>
    internal async Task<T> UntilAsync<T>(Func<Task<T>> read, Func<T, bool> condition)
    {
        var began = TimeProvider.System.GetTimestamp();
        while (true)
        {
            var next = Services.GetRequiredService<EventSignal>().NextAsync(FakeWorld.Project);
            T? value = default;
            try
            {
                value = await read();
                if (condition(value))
                {
                    return value;
                }
            }
            catch (NotFoundException)
            {
                // Not there yet.
            }

            if (TimeProvider.System.GetElapsedTime(began) > Patience)
            {
                throw new TimeoutException($"It did not happen. The last state was {System.Text.Json.JsonSerializer.Serialize(value, OdlJson.Options)}");
            }

            await Task.WhenAny(next, Task.Delay(TimeSpan.FromMilliseconds(20)));
        }
    }
}
