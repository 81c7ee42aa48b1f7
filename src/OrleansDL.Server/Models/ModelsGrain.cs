using Orleans.Concurrency;
using OrleansDL.Projects;

namespace OrleansDL.Models;

[GrainType("models"), StatelessWorker]
internal sealed class ModelsGrain(ModelStore store, NameTable names, TimeProvider time) : Grain, IModelsGrain
{
    private string Project => this.GetPrimaryKeyString();

    public Task<Model> CreateAsync(Guid id, ModelSpec spec) => GrainFactory.GetGrain<IModelGrain>(id).CreateAsync(Project, spec);

    public async Task<Model> EnsureAsync(string name)
    {
        try
        {
            return await GetAsync(name);
        }
        catch (NotFoundException)
        {
            try
            {
                return await CreateAsync(Guid.CreateVersion7(time.GetUtcNow()), new ModelSpec { Name = name });
            }
            catch (ConflictException)
            {
                // Someone else made it between the two.
                return await GetAsync(name);
            }
        }
    }

    public async Task<Model> GetAsync(string model) => await store.GetAsync(await names.ResolveAsync(Project, ThingKind.Model, model));

    public Task<Page<Model>> ListAsync(PageRequest page) => store.ListAsync(Project, page);

    public async Task<Page<ModelVersion>> ListVersionsAsync(string model, PageRequest page) =>
        await store.ListVersionsAsync(await names.ResolveAsync(Project, ThingKind.Model, model), page);

    public async Task<ModelVersion> ResolveAsync(string reference)
    {
        var (name, number, alias) = ModelReference.Parse(reference);
        var model = await GetAsync(name);
        if (model.LatestVersion == 0)
        {
            throw new NotFoundException($"Model '{model.Name}' has no version yet. A training run with registerAs '{model.Name}' makes one.");
        }

        if (alias is not null && !model.Aliases.ContainsKey(alias))
        {
            throw new NotFoundException(
                $"Model '{model.Name}' has no alias '{alias}'. PUT /v1/projects/{Project}/models/{model.Name}/aliases/{alias} sets it; its aliases: {List(model.Aliases.Keys)}.");
        }

        var version = number ?? (alias is null ? model.LatestVersion : model.Aliases[alias]);
        return await store.FindVersionAsync(model.Id, version)
            ?? throw new NotFoundException($"Model '{model.Name}' has no version {version}; its newest is {model.LatestVersion}. GET /v1/projects/{Project}/models/{model.Name}/versions lists them.");
    }

    private static string List(IEnumerable<string> aliases) => string.Join(", ", aliases) is { Length: > 0 } list ? list : "none";
}
