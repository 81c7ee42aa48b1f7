using System.Reflection;
using OrleansDL.Datasets;
using OrleansDL.Identity;
using OrleansDL.Projects;
using OrleansDL.Serving;
using OrleansDL.Tests.Harness;
using OrleansDL.Training;

namespace OrleansDL.Tests;

/// <summary>The third way in: grain calls through the gateway meet the check that HTTP meets.</summary>
[Collection(ProductCollection.Name)]
public sealed class OrleansClientTests(SqliteNode node) : IClassFixture<SqliteNode>
{
    /// <summary>Grain interfaces of the contracts with one of their methods, by name.</summary>
    private static IEnumerable<(Type Grain, MethodInfo Method)> Methods =>
        from grain in typeof(IDatasetsGrain).Assembly.GetExportedTypes()
        where grain.IsInterface && typeof(IGrain).IsAssignableFrom(grain)
        from method in grain.GetMethods().Concat(grain.GetInterfaces().Where(parent => parent == typeof(IWakeable)).SelectMany(parent => parent.GetMethods()))
        select (grain, method);

    private string Worker => $"worker-{node.Process.Options.SiloPort}";

    [Fact]
    public async Task A_client_with_a_token_does_what_its_role_allows()
    {
        await using var client = await OrleansClient.ConnectAsync(node.Process.Options);
        OrleansClient.Use(node.Process.Token);
        var projects = await client.Grains.GetGrain<IProjectsGrain>("all").ListAsync(PageRequest.First);
        Assert.Contains(projects.Items, project => project.Name == Project.Default);

        var datasets = client.Grains.GetGrain<IDatasetsGrain>(Project.Default);
        var id = Guid.CreateVersion7();
        var made = await datasets.CreateAsync(id, new DatasetSpec { Name = "by-client", Kind = DatasetKind.Table });
        Assert.Equal(made, await datasets.CreateAsync(id, new DatasetSpec { Name = "by-client", Kind = DatasetKind.Table }));

        var viewer = await client.Grains.GetGrain<ITokensGrain>("all").CreateAsync(new TokenSpec { Title = "reads", Role = Role.Viewer });
        OrleansClient.Use(viewer.Secret);
        Assert.Equal(id, (await datasets.GetAsync("by-client")).Id);
        await Assert.ThrowsAsync<ForbiddenException>(() => datasets.CreateAsync(Guid.CreateVersion7(), new DatasetSpec { Name = "no", Kind = DatasetKind.Table }));
    }

    [Fact]
    public async Task No_method_answers_a_client_without_a_token_or_with_too_low_a_role()
    {
        await using var client = await OrleansClient.ConnectAsync(node.Process.Options);
        using var admin = node.Process.Api();
        var viewer = (await admin.PostAsync("/v1/tokens", new { title = "reads", role = "viewer" })).Text("secret");
        var wrong = new List<string>();
        foreach (var (grain, method) in Methods)
        {
            var name = $"{grain.Name}.{method.Name}";
            var needs = method.GetCustomAttribute<RequiresAttribute>();
            await ExpectAsync(null, needs is null ? typeof(ForbiddenException) : typeof(UnauthorizedException));
            await ExpectAsync("odl_wrong", needs is null ? typeof(ForbiddenException) : typeof(UnauthorizedException));
            if (needs is null || needs.Role > Role.Viewer)
            {
                await ExpectAsync(viewer, typeof(ForbiddenException));
            }

            if (needs is null)
            {
                await ExpectAsync(node.Process.Token, typeof(ForbiddenException));
            }

            async Task ExpectAsync(string? token, Type refusal)
            {
                OrleansClient.Use(token);
                var answer = await CallAsync(client.Grains, grain, Key(grain), method);
                if (answer?.GetType() != refusal)
                {
                    wrong.Add($"{name} with {token?[..5] ?? "no token"}: {answer?.GetType().Name ?? "answered"} {answer?.Message}");
                }
            }
        }

        OrleansClient.Use(null);
        Assert.True(wrong.Count == 0, string.Join('\n', wrong));
    }

    // Grains of a worker live on it: their keys name it.
    private string Key(Type grain) => grain.Name switch
    {
        nameof(IProjectsGrain) or nameof(ITokensGrain) => "all",
        nameof(ITrainerGrain) => Worker,
        nameof(IReplicaGrain) => $"{Worker}/1",
        nameof(IModelHostGrain) => Worker,
        _ => Project.Default,
    };

    private static async Task<Exception?> CallAsync(IGrainFactory grains, Type grain, string key, MethodInfo method)
    {
        var target = typeof(IGrainWithGuidKey).IsAssignableFrom(grain)
            ? grains.GetGrain(grain, Guid.CreateVersion7())
            : grains.GetGrain(grain, key);
        var arguments = method.GetParameters().Select(parameter => parameter.ParameterType.IsValueType ? Activator.CreateInstance(parameter.ParameterType) : null).ToArray();
        try
        {
            switch (method.Invoke(target, arguments))
            {
                case IAsyncEnumerable<object> answers:
                    await using (var enumerator = answers.GetAsyncEnumerator())
                    {
                        await enumerator.MoveNextAsync();
                    }

                    break;
                case var answer:
                    await (Task)answer!;
                    break;
            }

            return null;
        }
        catch (Exception refused) when (refused is not TargetInvocationException)
        {
            return refused;
        }
    }
}
