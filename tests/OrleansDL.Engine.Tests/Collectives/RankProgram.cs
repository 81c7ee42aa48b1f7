using System.Globalization;
using OrleansDL.Collectives;

namespace OrleansDL.Tests.Collectives;

/// <summary>One rank as a process of its own: sums for ever, and says how that ended. Arguments: folder, rank, size.</summary>
internal static class RankProgram
{
    public static int Main(string[] arguments)
    {
        var (folder, rank, size) = (arguments[0], int.Parse(arguments[1], CultureInfo.InvariantCulture), int.Parse(arguments[2], CultureInfo.InvariantCulture));
        using var group = ProcessGroup.Form(Ranks.Options(rank, size), new TestRendezvous(folder, size), TimeProvider.System);
        try
        {
            var values = new float[1_000_000];
            for (var turn = 0; ; turn++)
            {
                group.Gradients.Sum(values.AsSpan());
                if (turn == 5)
                {
                    Console.WriteLine("at work");
                }
            }
        }
        catch (GroupLostException error)
        {
            Console.WriteLine(error.Message);
            return 0;
        }
    }
}
