using OrleansDL.Identity;
using OrleansDL.Serving;
using OrleansDL.Tests.Models;
using OrleansDL.Training;

namespace OrleansDL.Tests.Identity;

[Collection(ServerCollection.Name)]
public sealed class GrainAccessTests(ServerNode server) : IAsyncLifetime
{
    /// <summary>They live on workers, and this cluster has none: what is asked of them is that no method names a role.</summary>
    private static readonly Type[] OnWorkers = [typeof(ITrainerGrain), typeof(IReplicaGrain), typeof(IModelHostGrain)];

    private OutsideClient? _client;

    public async Task InitializeAsync() => _client = await OutsideClient.ConnectAsync(server.GatewayPort);

    public async Task DisposeAsync() => await _client!.DisposeAsync();

    [Fact]
    public async Task The_grains_of_Orleans_itself_are_for_administrators()
    {
        await Assert.ThrowsAsync<UnauthorizedException>(() => _client!.CountSilosAsync(token: null));
        var operators = await server.TokenAsync(Role.Operator);
        await Assert.ThrowsAsync<ForbiddenException>(() => _client!.CountSilosAsync(operators));
        Assert.Equal(1, await _client!.CountSilosAsync(await server.TokenAsync(Role.Admin)));
    }

    [Fact]
    public async Task A_client_that_guesses_the_clusters_secret_is_still_outside() =>
        await Assert.ThrowsAsync<UnauthorizedException>(() => _client!.CountSilosAsync(token: null, mark: new string('A', 43)));

    [Fact]
    public async Task Methods_that_name_no_role_refuse_every_client()
    {
        var admin = await server.TokenAsync(Role.Admin);
        var letIn = new List<string>();
        foreach (var (grain, method, needs) in GrainMethods.All.Where(entry => !OnWorkers.Contains(entry.Grain)))
        {
            if (needs is null && await _client!.CallAsync(grain, method, admin) is not ForbiddenException)
            {
                letIn.Add($"{grain.Name}.{method.Name}");
            }
        }

        Assert.Empty(letIn);
        Assert.True(GrainMethods.All.Count(entry => entry.Needs is null) > 20);
    }

    [Fact]
    public async Task Methods_that_name_a_role_need_a_good_token()
    {
        var letIn = new List<string>();
        foreach (var (grain, method, needs) in GrainMethods.All.Where(entry => entry.Needs is not null))
        {
            foreach (var token in (string?[])[null, "", "odl_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"])
            {
                if (await _client!.CallAsync(grain, method, token) is not UnauthorizedException)
                {
                    letIn.Add($"{grain.Name}.{method.Name} needs {needs} and met '{token}'");
                }
            }
        }

        Assert.Empty(letIn);
        Assert.True(GrainMethods.All.Count(entry => entry.Needs is not null) > 30);
    }

    [Theory]
    [InlineData(Role.Viewer)]
    [InlineData(Role.Developer)]
    [InlineData(Role.Operator)]
    [InlineData(Role.Admin)]
    public async Task A_role_opens_the_methods_that_need_it_or_less_and_no_others(Role role)
    {
        var token = await server.TokenAsync(role);
        var wrong = new List<string>();
        foreach (var (grain, method, needs) in GrainMethods.All.Where(entry => entry.Needs is not null))
        {
            var refused = await _client!.CallAsync(grain, method, token);
            if (refused is UnauthorizedException || refused is ForbiddenException != needs > role)
            {
                wrong.Add($"{grain.Name}.{method.Name} needs {needs} and answered {role}: {refused?.Message ?? "let in"}");
            }
        }

        Assert.Empty(wrong);
    }

    [Fact]
    public async Task A_token_of_one_project_opens_no_grain_of_another()
    {
        var token = await server.TokenAsync(Role.Admin, "elsewhere");
        var letIn = new List<string>();
        foreach (var (grain, method, _) in GrainMethods.All.Where(entry => entry.Needs is not null))
        {
            if (await _client!.CallAsync(grain, method, token) is not ForbiddenException)
            {
                letIn.Add($"{grain.Name}.{method.Name}");
            }
        }

        Assert.Empty(letIn);
    }

    [Fact]
    public void Grains_on_workers_are_for_the_cluster_only() =>
        Assert.All(GrainMethods.All.Where(entry => OnWorkers.Contains(entry.Grain)), entry => Assert.Null(entry.Needs));
}
