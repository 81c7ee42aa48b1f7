namespace OrleansDL.Tests.Cli;

public sealed class ConnectionTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory().FullName;

    public ConnectionTests()
    {
        File.WriteAllText(Path.Combine(_folder, "node.json"), """{"url": "http://127.0.0.1:1111", "pid": 1}""");
        File.WriteAllText(Path.Combine(_folder, "admin.token"), "odl_folder\n");
    }

    [Fact]
    public void The_folder_tells_address_and_token() =>
        Assert.Equal(new Connection(new Uri("http://127.0.0.1:1111"), "odl_folder", "default"), Connection.Find(_folder, null, null, null, _ => null));

    [Fact]
    public void The_line_outweighs_folder_and_environment() =>
        Assert.Equal(
            new Connection(new Uri("http://127.0.0.1:2222"), "odl_line", "p"),
            Connection.Find(_folder, "http://127.0.0.1:2222", "odl_line", "p", _ => "http://127.0.0.1:3333"));

    [Fact]
    public void A_folder_on_the_line_outweighs_the_environment() =>
        Assert.Equal("odl_folder", Connection.Find(_folder, null, null, null, Environment).Token);

    [Fact]
    public void The_environment_outweighs_a_folder_that_is_only_near() =>
        Assert.Equal(
            new Connection(new Uri("http://127.0.0.1:3333"), "odl_environment", "research"),
            Connection.Find(null, null, null, null, name => name == "ODL_DATA" ? _folder : Environment(name)));

    [Fact]
    public void A_near_folder_serves_when_nothing_else_is_said() =>
        Assert.Equal("odl_folder", Connection.Find(null, null, null, null, name => name == "ODL_DATA" ? _folder : null).Token);

    [Fact]
    public void An_address_that_is_none_is_refused() =>
        Assert.Contains("'ftp://x'", Assert.Throws<InvalidException>(() => Connection.Find(null, "ftp://x", null, null, _ => null)).Message, StringComparison.Ordinal);

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static string? Environment(string name) => name switch
    {
        "ODL_URL" => "http://127.0.0.1:3333",
        "ODL_TOKEN" => "odl_environment",
        "ODL_PROJECT" => "research",
        _ => null,
    };
}
