using System.CommandLine;
using OrleansDL.Output;

namespace OrleansDL.Projects;

/// <summary><c>odl project ...</c></summary>
internal static class ProjectCommands
{
    private static readonly Argument<string> Name = new("name") { Description = "Name of the project." };

    public static Command Create() => new("project", "Projects: rooms of their own for datasets, runs, models and deployments.")
    {
        CreateProject(), List(), Delete(),
    };

    private static Command CreateProject()
    {
        var description = new Option<string?>("--description") { Description = "What it is for." };
        var open = new Option<bool>("--public-inference") { Description = "Let its deployments answer without a token." };
        return new Command("create", "Make a project.") { Name, description, open }.Does(async (session, cancel) =>
            session.Screen.Show(
                await session.Client.Projects.CreateAsync(
                    new ProjectSpec { Name = session.Get(Name), Description = session.Get(description), PublicInference = session.Get(open) }, cancel),
                p => session.Screen.Line($"Created project {p.Name}. '--project {p.Name}' works in it.")));
    }

    private static Command List()
    {
        var limit = new Option<int>("--limit") { Description = "How many at most.", DefaultValueFactory = _ => 100 };
        return new Command("list", "List projects.") { limit }.Does((session, cancel) =>
            session.Screen.ListAsync(
                session.Client.Projects.ListAsync(cancel),
                session.Get(limit),
                ["name", "created", "public inference", "description"],
                p => [p.Name, Format.Time(p.CreatedAt), p.PublicInference ? "yes" : "no", p.Description],
                cancel));
    }

    private static Command Delete() => new Command("delete", "Delete an empty project.") { Name }.Does(async (session, cancel) =>
    {
        await session.Client.Projects.DeleteAsync(session.Get(Name), cancel);
        session.Screen.Line($"Deleted project {session.Get(Name)}.");
    });
}
