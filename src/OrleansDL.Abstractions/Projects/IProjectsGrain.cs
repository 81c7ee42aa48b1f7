using OrleansDL.Identity;

namespace OrleansDL.Projects;

/// <summary>All projects. Key: <c>"all"</c>. Any number of activations: the rows are the state.</summary>
[Alias("projects")]
public interface IProjectsGrain : IGrainWithStringKey
{
    /// <summary>Makes a project. <paramref name="id"/> makes a repeat of the call harmless.</summary>
    [Alias("create"), Requires(Role.Admin)] Task<Project> CreateAsync(Guid id, ProjectSpec spec);
    [Alias("update"), Requires(Role.Admin)] Task<Project> UpdateAsync(string project, ProjectSpec spec);
    [Alias("get"), Requires(Role.Viewer)] Task<Project> GetAsync(string project);
    [Alias("list"), Requires(Role.Viewer)] Task<Page<Project>> ListAsync(PageRequest page);

    /// <summary>Deletes an empty project; one with things in it is refused, naming what is in it.</summary>
    [Alias("delete"), Requires(Role.Admin)] Task DeleteAsync(string project);
}
