using System.CommandLine;
using OrleansDL.Nodes;

namespace OrleansDL.Tests.Cli;

public sealed class CommandLineTests
{
    [Fact]
    public void A_node_without_options_takes_the_defaults()
    {
        var node = Node("up");
        Assert.Equal("http://127.0.0.1:8080", node.HttpUrl);
        Assert.Equal(11111, node.SiloPort);
        Assert.Equal(30000, node.GatewayPort);
        Assert.Equal("127.0.0.1", node.Address);
        Assert.Null(node.Database);
        Assert.True(node.Server && node.Worker);
    }

    [Fact]
    public void A_node_takes_what_the_line_says()
    {
        var node = Node(
            "up", "--data", "d", "--database", "Host=db", "--blobs", "b", "--http", "http://127.0.0.1:1234", "--silo-port", "2", "--gateway-port", "3",
            "--name", "w", "--device", "cuda:1", "--slots", "4", "--pool", "p", "--cluster", "c", "--address", "10.0.0.1");
        Assert.Empty(node.Settings);
        Assert.Equal(
            new NodeOptions
            {
                DataDirectory = "d",
                Database = "Host=db",
                Blobs = "b",
                HttpUrl = "http://127.0.0.1:1234",
                SiloPort = 2,
                GatewayPort = 3,
                WorkerName = "w",
                Device = "cuda:1",
                Slots = 4,
                Pool = "p",
                ClusterId = "c",
                Address = "10.0.0.1",
                Server = true,
                Worker = true,
                Settings = node.Settings,
            },
            node);
    }

    [Fact]
    public void The_environment_stands_in_for_data_folder_and_database()
    {
        var node = NodeCommands.Read(OdlCommand.Create().Parse(["up"]), true, true, name => name + "!");
        Assert.Equal("ODL_DATA!", node.DataDirectory);
        Assert.Equal("ODL_DATABASE!", node.Database);
    }

    [Theory]
    [InlineData("up", "--silo-port", "70000")]
    [InlineData("up", "--silo-port", "many")]
    [InlineData("no-such-command")]
    [InlineData("dataset")]
    [InlineData("dataset", "create")]
    [InlineData("dataset", "create", "x", "--kind", "spreadsheet")]
    [InlineData("dataset", "push", "x", "y", "--format", "docx")]
    [InlineData("token", "create", "x", "--expires", "soon")]
    [InlineData("token", "revoke", "not-an-id")]
    [InlineData("run", "list", "--status", "dreaming")]
    public async Task A_wrong_line_exits_with_2_and_says_where_help_is(params string[] args)
    {
        var (code, output, error) = await RunAsync(args);
        Assert.Equal(2, code);
        Assert.Empty(output);
        Assert.StartsWith("odl: ", error, StringComparison.Ordinal);
        Assert.Contains("--help' shows how it is used.", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_error_is_one_line_and_exits_with_1()
    {
        var (code, output, error) = await RunAsync("dataset", "list", "--data", "/no/such/folder");
        Assert.Equal(1, code);
        Assert.Empty(output);
        Assert.Equal("odl: There is no folder '/no/such/folder'. 'odl up --data /no/such/folder' starts a node in it.", error.TrimEnd());
    }

    [Fact]
    public async Task A_cancelled_command_exits_with_130()
    {
        using var cancelled = new CancellationTokenSource();
        await cancelled.CancelAsync();
        using var output = new StringWriter();
        Assert.Equal(130, await OdlCommand.RunAsync(["dataset", "list", "--url", "http://127.0.0.1:9"], output, output, cancelled.Token));
    }

    [Fact]
    public void Every_command_option_and_argument_says_what_it_is()
    {
        foreach (var command in All(OdlCommand.Create()))
        {
            Assert.False(string.IsNullOrEmpty(command.Description), command.Name);
            Assert.True(command.Subcommands.Count > 0 || command.Action is not null, $"{command.Name} does nothing.");
            Assert.All(command.Options, option => Assert.False(string.IsNullOrEmpty(option.Description), $"{command.Name} {option.Name}"));
            Assert.All(command.Arguments, argument => Assert.False(string.IsNullOrEmpty(argument.Description), $"{command.Name} {argument.Name}"));
        }
    }

    [Fact]
    public async Task Help_of_every_command_works()
    {
        foreach (var (path, _) in Paths(OdlCommand.Create(), []))
        {
            var (code, output, error) = await RunAsync([.. path, "--help"]);
            Assert.True(code == 0, $"{string.Join(' ', path)}: {error}");
            Assert.Contains("Usage:", output, StringComparison.Ordinal);
        }
    }

    private static NodeOptions Node(params string[] args)
    {
        var parsed = OdlCommand.Create().Parse(args);
        Assert.Empty(parsed.Errors);
        return NodeCommands.Read(parsed, true, true, _ => null);
    }

    private static async Task<(int Code, string Output, string Error)> RunAsync(params string[] args)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        var code = await OdlCommand.RunAsync(args, output, error);
        return (code, output.ToString(), error.ToString());
    }

    private static IEnumerable<Command> All(Command command) => command.Subcommands.SelectMany(All).Prepend(command);

    private static IEnumerable<(string[] Path, Command Command)> Paths(Command command, string[] above) =>
        command.Subcommands.SelectMany(sub => Paths(sub, [.. above, sub.Name])).Prepend((above, command));
}
