using Orleans.Concurrency;
using OrleansDL.Access;
using OrleansDL.Projects;

namespace OrleansDL.Identity;

[GrainType("tokens"), StatelessWorker]
internal sealed class TokensGrain(TokenStore tokens) : Grain, ITokensGrain
{
    public async Task<NewToken> CreateAsync(TokenSpec spec)
    {
        if (spec.Project is { } project)
        {
            await GrainFactory.GetGrain<IProjectsGrain>("all").GetAsync(project);
        }

        return await tokens.CreateAsync(spec);
    }

    public Task<Page<Token>> ListAsync(PageRequest page) => tokens.ListAsync(page);

    public Task<Token> RevokeAsync(Guid token) => tokens.RevokeAsync(token);
}
