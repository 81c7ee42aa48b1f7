using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using Dapper;
using Microsoft.Extensions.DependencyInjection;
using OrleansDL.Blobs;
using OrleansDL.Database;
using OrleansDL.Events;
using OrleansDL.Identity;
using OrleansDL.Models;
using OrleansDL.Serving;
using OrleansDL.Tests.Harness;
using OrleansDL.Timing;

namespace OrleansDL.Tests.Models;

[Collection(ServerCollection.Name)]
public sealed class ModelGrainTests(ServerNode server)
{
    private IModelsGrain Models => server.Grains.GetGrain<IModelsGrain>(server.Project);

    [Fact]
    public async Task A_registration_repeated_makes_one_version()
    {
        var model = await Models.EnsureAsync("repeats");
        var registration = await RegistrationAsync("a");

        var versions = await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => Grain(model).RegisterAsync(registration)));
        var next = await Grain(model).RegisterAsync(await RegistrationAsync("b"));

        Assert.All(versions, version => Assert.Equal(1, version.Version));
        Assert.Equal(2, next.Version);
        Assert.Equal([2, 1], (await Models.ListVersionsAsync("repeats", PageRequest.First)).Items.Select(version => version.Version));
    }

    [Fact]
    public async Task A_version_is_found_by_number_by_alias_and_as_the_newest()
    {
        var model = await Models.EnsureAsync("found");
        await Grain(model).RegisterAsync(await RegistrationAsync("a"));
        await Grain(model).RegisterAsync(await RegistrationAsync("b"));
        await Grain(model).SetAliasAsync("production", 1);

        Assert.Equal(2, (await Models.ResolveAsync("found")).Version);
        Assert.Equal(2, (await Models.ResolveAsync("found@latest")).Version);
        Assert.Equal(1, (await Models.ResolveAsync("found@1")).Version);
        Assert.Equal(1, (await Models.ResolveAsync("found@production")).Version);
        Assert.Equal(1, (await Models.ResolveAsync($"{model.Id}@production")).Version);
        Assert.Contains("its newest is 2", (await Assert.ThrowsAsync<NotFoundException>(() => Models.ResolveAsync("found@3"))).Message, StringComparison.Ordinal);
        Assert.Contains("production", (await Assert.ThrowsAsync<NotFoundException>(() => Models.ResolveAsync("found@staging"))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Registering_and_moving_an_alias_are_told_once_each()
    {
        var model = await Models.EnsureAsync("told");
        var registration = await RegistrationAsync("a");
        await Grain(model).RegisterAsync(registration);
        await Grain(model).RegisterAsync(registration);
        await Grain(model).SetAliasAsync("production", 1);
        await Grain(model).SetAliasAsync("production", 1);
        await Grain(model).SetAliasAsync("production", 0);

        var told = (await EventsAsync(model.Id)).ToList();

        Assert.Equal([EventTypes.ModelVersionRegistered, EventTypes.ModelAliasChanged, EventTypes.ModelAliasChanged], told.Select(e => e.Type));
        using var alias = JsonDocument.Parse(told[2].Data);
        Assert.Equal((1, 0), (alias.RootElement.GetProperty("previousVersion").GetInt32(), alias.RootElement.GetProperty("version").GetInt32()));
    }

    [Theory]
    [InlineData("latest")]
    [InlineData("3")]
    [InlineData("a b")]
    [InlineData("")]
    public async Task An_alias_that_could_be_mistaken_is_refused(string alias)
    {
        var model = await Models.EnsureAsync("aliases");
        await Assert.ThrowsAsync<InvalidException>(() => Grain(model).SetAliasAsync(alias, 0));
    }

    [Fact]
    public async Task A_renamed_model_is_found_by_its_new_name_and_id_only()
    {
        var model = await Models.EnsureAsync("before");
        await Grain(model).RegisterAsync(await RegistrationAsync("a"));
        model = await Models.GetAsync("before");

        await Assert.ThrowsAsync<PreconditionException>(() => Grain(model).RenameAsync("after", "0"));
        var renamed = await Grain(model).RenameAsync("after", model.ETag);

        Assert.NotEqual(model.ETag, renamed.ETag);
        Assert.Equal(model.Id, (await Models.GetAsync("after")).Id);
        Assert.Equal("after", (await Models.ResolveAsync($"{model.Id}@1")).ModelName);
        await Assert.ThrowsAsync<NotFoundException>(() => Models.GetAsync("before"));

        await Models.EnsureAsync("taken");
        await Assert.ThrowsAsync<ConflictException>(() => Grain(model).RenameAsync("taken", null));
        Assert.Equal("after", (await Grain(model).GetAsync()).Name);
    }

    [Fact]
    public async Task A_served_model_is_not_deleted_and_a_deleted_name_begins_anew()
    {
        var model = await Models.EnsureAsync("served");
        await Grain(model).RegisterAsync(await RegistrationAsync("a"));
        await Grain(model).RenameAsync("served-still", null);
        var deployments = server.Grains.GetGrain<IDeploymentsGrain>(server.Project);
        var deployment = await deployments.CreateAsync(Guid.CreateVersion7(), new DeploymentSpec { Name = "serves", Model = "served-still@1" });
        await Grain(model).RenameAsync("served", null);

        var refused = await Assert.ThrowsAsync<ConflictException>(() => Grain(model).DeleteAsync(null));
        Assert.Contains("'serves'", refused.Message, StringComparison.Ordinal);

        await server.Grains.GetGrain<IDeploymentGrain>(deployment.Id).DeleteAsync(null);
        await Grain(model).DeleteAsync(null);

        await Assert.ThrowsAsync<NotFoundException>(() => Models.GetAsync("served"));
        await Assert.ThrowsAsync<NotFoundException>(() => Grain(model).GetAsync());
        Assert.Equal(0, await CountAsync("SELECT COUNT(*) FROM blob_reference WHERE owner LIKE @owner", new { owner = $"model-version:{model.Id}/%" }));
        var anew = await Models.EnsureAsync("served");
        Assert.NotEqual(model.Id, anew.Id);
        Assert.Equal(0, anew.LatestVersion);
    }

    [Fact]
    public async Task A_registration_interrupted_after_its_write_is_finished_with_no_one_calling()
    {
        var model = await Models.EnsureAsync("interrupted");
        var registration = await RegistrationAsync("a");
        var store = server.Services.GetRequiredService<ModelStore>();

        // What a registration writes before it acts; then the node is gone.
        await store.AddVersionAsync(model.Id, registration, Grain(model).GetGrainId(), version => $"version:{version}");

        var told = await EventAsync(model.Id, EventTypes.ModelVersionRegistered);
        Assert.Contains("\"version\":1", told.Data, StringComparison.Ordinal);
        Assert.Equal(registration.Artifact.Count, await CountAsync("SELECT COUNT(*) FROM blob_reference WHERE owner = @owner", new { owner = $"model-version:{model.Id}/1" }));
    }

    [Fact]
    public async Task A_creation_interrupted_after_its_first_step_is_finished_with_no_one_calling()
    {
        var id = Guid.CreateVersion7();
        var wakeUps = server.Services.GetRequiredService<WakeUps>();
        await wakeUps.ArmAsync(server.Grains.GetGrain<IModelGrain>(id), "create", payload: JsonSerializer.Serialize(
            new ModelCreation(server.Project, new ModelSpec { Name = "half-created" }), OdlJson.Options));

        await Eventually.TrueAsync("the model to be known", async () => await server.Services.GetRequiredService<ModelStore>().FindAsync(id) is not null);
        Assert.Equal(id, (await Models.GetAsync("half-created")).Id);
    }

    [Fact]
    public async Task Lists_go_on_from_page_to_page_without_gap_or_repeat()
    {
        for (var number = 0; number < 5; number++)
        {
            await Models.EnsureAsync($"page-{number}");
        }

        var names = new List<string>();
        var page = new PageRequest { Size = 2 };
        do
        {
            var listed = await Models.ListAsync(page);
            names.AddRange(listed.Items.Select(model => model.Name));
            page = page with { Token = listed.NextPageToken };
        }
        while (page.Token is not null);

        Assert.Equal(names.Distinct().Order(StringComparer.Ordinal), names);
        Assert.Equal(5, names.Count(name => name.StartsWith("page-", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Files_of_a_version_are_streamed_with_an_etag()
    {
        var model = await Models.EnsureAsync("files");
        await Grain(model).RegisterAsync(await RegistrationAsync("the weights"));
        using var client = await server.ClientAsync(Role.Viewer);
        var uri = new Uri("/v1/projects/default/models/files/versions/latest/files/weights.safetensors", UriKind.Relative);

        using var answer = await client.GetAsync(uri);
        Assert.Equal("the weights", await answer.Content.ReadAsStringAsync());

        using var again = new HttpRequestMessage(HttpMethod.Get, uri);
        again.Headers.IfNoneMatch.Add(answer.Headers.ETag!);
        using var unchanged = await client.SendAsync(again);
        Assert.Equal(HttpStatusCode.NotModified, unchanged.StatusCode);

        using var missing = await client.GetAsync(new Uri(uri.OriginalString.Replace("weights.safetensors", "nothing", StringComparison.Ordinal), UriKind.Relative));
        Assert.Equal(HttpStatusCode.NotFound, missing.StatusCode);
        Assert.Contains("weights.safetensors", await missing.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Over_HTTP_a_model_is_created_once_per_key_tagged_aliased_and_renamed_only_as_read()
    {
        using var client = await server.ClientAsync(Role.Developer);
        var models = new Uri("/v1/projects/default/models", UriKind.Relative);
        var key = Guid.NewGuid().ToString();
        Model? model = null;
        for (var time = 0; time < 2; time++)
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, models) { Content = JsonContent.Create(new { name = "over-http" }) };
            request.Headers.Add("Idempotency-Key", key);
            using var created = await client.SendAsync(request);
            Assert.Equal(HttpStatusCode.Created, created.StatusCode);
            model = await created.Content.ReadFromJsonAsync<Model>(OdlJson.Options);
        }

        await Grain(model!).RegisterAsync(await RegistrationAsync("a"));
        using var aliased = await client.PutAsJsonAsync(new Uri("/v1/projects/default/models/over-http/aliases/production", UriKind.Relative), new { version = 1 });
        Assert.Equal(HttpStatusCode.OK, aliased.StatusCode);

        using var stale = new HttpRequestMessage(HttpMethod.Patch, new Uri("/v1/projects/default/models/over-http", UriKind.Relative)) { Content = JsonContent.Create(new { name = "over-http-2" }) };
        stale.Headers.IfMatch.Add(new EntityTagHeaderValue("\"1\""));
        using var refused = await client.SendAsync(stale);
        Assert.Equal(HttpStatusCode.PreconditionFailed, refused.StatusCode);

        using var removed = await client.DeleteAsync(new Uri("/v1/projects/default/models/over-http/aliases/production", UriKind.Relative));
        Assert.Equal(HttpStatusCode.NoContent, removed.StatusCode);
        Assert.Empty((await Models.GetAsync("over-http")).Aliases);
    }

    private IModelGrain Grain(Model model) => server.Grains.GetGrain<IModelGrain>(model.Id);

    private async Task<ModelRegistration> RegistrationAsync(string weights)
    {
        var blob = await server.Services.GetRequiredService<BlobStore>().PutAsync(System.Text.Encoding.UTF8.GetBytes(weights));
        return new ModelRegistration
        {
            Id = Guid.CreateVersion7(),
            Run = Guid.CreateVersion7(),
            Artifact = new Dictionary<string, BlobRef> { ["weights.safetensors"] = blob },
            Metrics = new Dictionary<string, double> { ["validation.accuracy"] = 0.97 },
        };
    }

    private async Task<IEnumerable<PlatformEvent>> EventsAsync(Guid subject) =>
        (await server.Services.GetRequiredService<EventLog>().ReadAsync(server.Project, 0, 1000)).Where(e => e.Subject == subject);

    private async Task<PlatformEvent> EventAsync(Guid subject, string type)
    {
        var signal = server.Services.GetRequiredService<EventSignal>();
        while (true)
        {
            var next = signal.NextAsync(server.Project);
            if ((await EventsAsync(subject)).FirstOrDefault(e => e.Type == type) is { } found)
            {
                return found;
            }

            await next.WaitAsync(TimeSpan.FromSeconds(20));
        }
    }

    private async Task<long> CountAsync(string sql, object arguments)
    {
        await using var connection = await server.Services.GetRequiredService<Db>().OpenAsync();
        return await connection.ExecuteScalarAsync<long>(sql, arguments);
    }
}
