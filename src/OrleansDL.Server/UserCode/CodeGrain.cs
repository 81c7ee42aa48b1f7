using System.Globalization;
using Orleans.Concurrency;
using OrleansDL.Projects;

namespace OrleansDL.UserCode;

[GrainType("code"), StatelessWorker]
internal sealed class CodeGrain(CodeStore store, NameTable names, TimeProvider time) : Grain, ICodeGrain
{
    private string Project => this.GetPrimaryKeyString();

    public async Task<CodeVersion> RegisterAsync(CodeRegistration registration)
    {
        Names.Check(registration.Name, "code");
        await names.EnsureProjectAsync(Project);
        var id = await EnsureAsync(registration.Name);

        // A crash may have come between the name and the row.
        await store.InsertAsync(id, Project, registration.Name);
        return await store.AddVersionAsync(id, registration.Digest);
    }

    public async Task<CodeArtifact> GetAsync(string code) => await store.FindAsync(await ResolveNameAsync(code)) ?? throw NameTable.Missing(Project, ThingKind.Code, code);

    public async Task<Page<CodeArtifact>> ListAsync(PageRequest page)
    {
        await names.EnsureProjectAsync(Project);
        return await store.ListAsync(Project, page);
    }

    public async Task<Page<CodeVersion>> ListVersionsAsync(string code, PageRequest page) => await store.ListVersionsAsync(await ResolveNameAsync(code), page);

    public async Task<CodeVersion> ResolveAsync(string reference)
    {
        var at = reference.IndexOf('@', StringComparison.Ordinal);
        var (name, version) = at < 0 ? (reference, "latest") : (reference[..at], reference[(at + 1)..]);
        var code = await GetAsync(name);
        var found = version == "latest" ? await store.FindVersionAsync(code.Id, code.LatestVersion)
            : BlobId.TryParse(version, out var digest) ? await store.FindVersionAsync(code.Id, digest)
            : long.TryParse(version, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? await store.FindVersionAsync(code.Id, number)
            : throw new InvalidException($"'{version}' is no version of code. Give a number, a digest (sha256:...) or latest.");
        return found ?? throw new NotFoundException(
            $"Code '{code.Name}' has no version {version}; its newest is {code.LatestVersion}. GET /v1/projects/{Project}/code/{code.Name}/versions lists them.");
    }

    public async Task DeleteAsync(string code)
    {
        var id = await ResolveNameAsync(code);
        await store.DeleteAsync(id);

        // Last, so that a repeat after a crash still finds what it is about.
        await names.ReleaseAsync(ThingKind.Code, id);
    }

    private Task<Guid> ResolveNameAsync(string code) => names.ResolveAsync(Project, ThingKind.Code, code);

    private async Task<Guid> EnsureAsync(string name)
    {
        try
        {
            return await ResolveNameAsync(name);
        }
        catch (NotFoundException)
        {
            var id = Guid.CreateVersion7(time.GetUtcNow());
            try
            {
                await names.ClaimAsync(Project, ThingKind.Code, name, id);
                return id;
            }
            catch (ConflictException)
            {
                // Someone else made it between the two.
                return await ResolveNameAsync(name);
            }
        }
    }
}
