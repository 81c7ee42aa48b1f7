using System.CommandLine;

namespace OrleansDL;

/// <summary>The options every command takes: which node, as whom, in which project, and how to print.</summary>
internal static class GlobalOptions
{
    public static readonly Option<string?> Data = new("--data")
    {
        Description = "A node's folder: holds its address (node.json) and its first token (admin.token). Default: ODL_DATA, or ./odl-data.",
        HelpName = "DIR",
        Recursive = true,
    };

    public static readonly Option<string?> Url = new("--url")
    {
        Description = "Address of the node. Default: the one in --data, or ODL_URL.",
        HelpName = "URL",
        Recursive = true,
    };

    public static readonly Option<string?> Token = new("--token")
    {
        Description = "Access token. Default: the one in --data, or ODL_TOKEN.",
        HelpName = "TOKEN",
        Recursive = true,
    };

    public static readonly Option<string?> Project = new("--project")
    {
        Description = "Project. Default: ODL_PROJECT, or 'default'.",
        HelpName = "NAME",
        Recursive = true,
    };

    public static readonly Option<bool> Json = new("--json")
    {
        Description = "Print JSON, for programs.",
        Recursive = true,
    };
}
