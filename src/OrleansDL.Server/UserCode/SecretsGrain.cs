using Microsoft.Extensions.Logging;
using Orleans.Concurrency;
using OrleansDL.Projects;

namespace OrleansDL.UserCode;

[GrainType("secrets"), StatelessWorker]
internal sealed partial class SecretsGrain(SecretStore store, NameTable names, ILogger<SecretsGrain> logger) : Grain, ISecretsGrain
{
    private const int MaximumValue = 32 * 1024;

    private string Project => this.GetPrimaryKeyString();

    public async Task<ProjectSecret> SetAsync(string name, string value)
    {
        if (!VariableName.IsValid(name))
        {
            throw new InvalidException($"A secret cannot be called '{name}'. {VariableName.Rule}");
        }

        if (value is not { Length: > 0 and <= MaximumValue } || value.Contains('\0', StringComparison.Ordinal))
        {
            throw new InvalidException($"The value of a secret has 1 to {MaximumValue} characters, and no zero character. Put what is longer into a file of the code, sealed with a secret.");
        }

        await names.EnsureProjectAsync(Project);
        var secret = await store.SetAsync(Project, name, value);
        LogSet(name, Project);
        return secret;
    }

    public async Task<Page<ProjectSecret>> ListAsync(PageRequest page)
    {
        await names.EnsureProjectAsync(Project);
        return await store.ListAsync(Project, page);
    }

    public async Task DeleteAsync(string name)
    {
        await names.EnsureProjectAsync(Project);
        if (!await store.DeleteAsync(Project, name))
        {
            throw Missing(name);
        }

        LogDeleted(name, Project);
    }

    public async Task EnsureAsync(IReadOnlyList<string> secrets)
    {
        foreach (var name in secrets)
        {
            _ = await store.FindAsync(Project, name) ?? throw Missing(name);
        }
    }

    public async Task<IReadOnlyDictionary<string, string>> OpenAsync(IReadOnlyList<string> secrets)
    {
        var values = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var name in secrets)
        {
            var (keyId, text) = await store.FindAsync(Project, name) ?? throw Missing(name);
            values[name] = await store.OpenAsync(Project, name, keyId, text);
        }

        return values;
    }

    private NotFoundException Missing(string name) => new($"There is no secret '{name}' in project '{Project}'. 'odl secret list' lists them, 'odl secret set {name}' sets it.");

    [LoggerMessage(LogLevel.Information, "Secret {Name} of project {Project} was set")]
    private partial void LogSet(string name, string project);

    [LoggerMessage(LogLevel.Information, "Secret {Name} of project {Project} was deleted")]
    private partial void LogDeleted(string name, string project);
}
