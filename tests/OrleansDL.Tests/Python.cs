namespace OrleansDL.Tests;

/// <summary>The Python that Debian brings: what reads our formats and protocols without a line of our code.</summary>
internal static class Python
{
    private const string Interpreter = "/usr/bin/python3";

    public static Task<string> RunAsync(params string[] arguments) => RunAsync([], arguments);

    /// <inheritdoc cref="ForeignProgram.RunAsync"/>
    public static Task<string> RunAsync((string Name, string Value)[] environment, string[] arguments) =>
        ForeignProgram.RunAsync(Interpreter, [("PYTHONDONTWRITEBYTECODE", "1"), .. environment], arguments);
}
