namespace OrleansDL.Projects;

/// <summary>All projects the token may see.</summary>
public sealed class ProjectsClient
{
    private const string Root = "v1/projects";

    private readonly OdlConnection _http;

    internal ProjectsClient(OdlConnection http) => _http = http;

    public IAsyncEnumerable<Project> ListAsync(CancellationToken cancellationToken = default) =>
        _http.ListAsync<Project>(Root, cancellationToken);

    public Task<Project> CreateAsync(ProjectSpec spec, CancellationToken cancellationToken = default) =>
        _http.PostAsync<Project>(Root, spec, cancellationToken);

    public Task<Project> GetAsync(string project, CancellationToken cancellationToken = default) =>
        _http.GetAsync<Project>(Of(project), cancellationToken);

    public Task<Project> UpdateAsync(string project, ProjectSpec spec, CancellationToken cancellationToken = default) =>
        _http.PutAsync<Project>(Of(project), spec, null, cancellationToken);

    /// <summary>Deletes an empty project; one with things in it is refused.</summary>
    public Task DeleteAsync(string project, CancellationToken cancellationToken = default) =>
        _http.DeleteAsync(Of(project), null, cancellationToken);

    private static string Of(string project) => $"{Root}/{OdlConnection.Escape(project)}";
}
