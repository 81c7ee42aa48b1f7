using OrleansDL.Output;

namespace OrleansDL.Demo;

/// <summary>Says what is done, and keeps how long each part took.</summary>
internal sealed class Phases(Screen screen, TimeProvider time)
{
    private readonly long _start = time.GetTimestamp();
    private readonly List<(string Name, double Seconds)> _done = [];

    public async Task RunAsync(string name, string what, Func<Task<string>> act)
    {
        screen.Line($"{_done.Count + 1,2}. {what}");
        var start = time.GetTimestamp();
        var outcome = await act();
        var seconds = time.GetElapsedTime(start).TotalSeconds;
        _done.Add((name, seconds));
        screen.Line($"    {outcome} [{Format.Seconds(seconds)}]");
    }

    public IReadOnlyDictionary<string, double> Seconds()
    {
        var seconds = _done.ToDictionary(p => p.Name, p => Math.Round(p.Seconds, 3), StringComparer.Ordinal);
        seconds["total"] = Math.Round(time.GetElapsedTime(_start).TotalSeconds, 3);
        return seconds;
    }

    public override string ToString() => string.Join(", ", _done.Select(p => $"{p.Name} {Format.Seconds(p.Seconds)}"));
}
