using System.Net;
using System.Net.Sockets;
using OrleansDL.Tests.Harness;
using OrleansDL.Training;
using OrleansDL.Training.Sandbox;

namespace OrleansDL.Tests.Training.Sandbox;

/// <summary>Programs that mean harm, on the real sandbox: with control groups where the machine has them, and without.</summary>
public sealed class HostileCodeTests
{
    private const long Megabyte = 1 << 20;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Honest_code_reads_writes_and_ends(bool cgroups)
    {
        await using var code = new SandboxCase();
        var (exitCode, broken) = await code.RunAsync(
            """
            import os, tempfile
            print(sorted(os.listdir(os.environ["ODL_CODE_DIR"])), os.getcwd(), os.getuid() != 0)
            open(os.environ["ODL_OUTPUT_DIR"] + "/answer", "w").write("42")
            tempfile.TemporaryFile().write(b"x" * 1000)
            """,
            cgroups);
        Assert.True(exitCode == 0, code.Output);
        Assert.Null(broken);
        Assert.Equal("['program.py'] /odl/code True", code.Output);
        Assert.Equal("42", await File.ReadAllTextAsync(Path.Combine(code.Folder.Output, "answer")));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_fork_bomb_gets_no_more_processes_than_its_limit(bool cgroups)
    {
        await using var code = new SandboxCase();
        await code.StartAsync(
            """
            import os, signal, time
            count = 0
            while True:
                try:
                    if os.fork() == 0:
                        while True:
                            try:
                                os.fork()
                            except OSError:
                                time.sleep(1)
                    count += 1
                except OSError as error:
                    print("refused", flush=True)
                    break
            time.sleep(1000)
            """,
            cgroups, new CodeLimits { Processes = 40 });
        await code.SpokenAsync();
        Assert.Equal("refused", code.Output);
        Assert.InRange(ProcessTree.Of(code.Pid).Count, 10, 44);
        await code.StopAsync(TimeSpan.FromSeconds(2));
        await code.EndAsync();
        Assert.Equal([code.Pid], ProcessTree.Of(code.Pid));
    }

    [Theory]
    [InlineData(true, "x = []\nwhile True: x.append(bytearray(8 << 20))")]
    [InlineData(false, "x = []\nwhile True: x.append(bytearray(8 << 20))")]
    [InlineData(true, "import os\nf = os.memfd_create('x')\nwhile True: os.write(f, b'x' * (1 << 20))")]
    [InlineData(false, "import os\nf = os.memfd_create('x')\nwhile True: os.write(f, b'x' * (1 << 20))")]
    [InlineData(true, "import os\nwhile True:\n  if os.fork() == 0:\n    x = b'x' * (20 << 20)\n    __import__('signal').pause()")]
    [InlineData(false, "import os\nwhile True:\n  if os.fork() == 0:\n    x = b'x' * (20 << 20)\n    __import__('signal').pause()")]
    public async Task A_memory_bomb_is_ended_at_its_limit(bool cgroups, string bomb)
    {
        await using var code = new SandboxCase();
        var (exitCode, broken) = await code.RunAsync(bomb, cgroups, new CodeLimits { MemoryBytes = 128 * Megabyte });
        Assert.NotEqual(0, exitCode);
        Assert.Contains("code.limits.memoryBytes", broken, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true, "for i in range(10**9): open(out + f'/{i}', 'wb').write(b'x' * (1 << 20))")]
    [InlineData(false, "for i in range(10**9): open(out + f'/{i}', 'wb').write(b'x' * (1 << 20))")]
    [InlineData(false, "f = open(out + '/big', 'wb')\nwhile True: f.write(b'x' * (1 << 20))")]
    [InlineData(false, "for i in range(10**9): open(out + f'/{i}', 'wb')")]
    [InlineData(false, "x = []\nfor i in range(10**9):\n  f = open(out + '/x', 'wb'); x.append(f); os.remove(out + '/x'); f.write(b'x' * (1 << 20)); f.flush()")]
    public async Task A_disk_filler_is_ended_at_its_limit(bool cgroups, string filler)
    {
        await using var code = new SandboxCase();
        var (exitCode, broken) = await code.RunAsync(
            $"import os, signal\nsignal.signal(signal.SIGXFSZ, signal.SIG_DFL)\nout = os.environ['ODL_OUTPUT_DIR']\n{filler}", cgroups, new CodeLimits { DiskBytes = 64 * Megabyte });
        Assert.NotEqual(0, exitCode);
        Assert.Contains("code.limits.diskBytes", broken, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Folders_nested_without_end_are_ended_and_removed()
    {
        await using var code = new SandboxCase();
        var (_, broken) = await code.RunAsync(
            "import os\nos.chdir(os.environ['ODL_OUTPUT_DIR'])\nfor i in range(5000):\n  os.mkdir('d' * 100); os.chdir('d' * 100)\nimport signal; signal.pause()", cgroups: false);
        Assert.Contains("deep", broken, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_temporary_folder_is_its_own_and_has_an_end()
    {
        await using var code = new SandboxCase();
        await code.RunAsync(
            """
            import os
            print(os.listdir("/tmp"))
            for folder in ("/tmp", "/dev/shm"):
                try:
                    with open(folder + "/x", "wb") as f:
                        while True: f.write(b"x" * (1 << 20))
                except OSError as error:
                    print(error.strerror)
            """,
            cgroups: false, new CodeLimits { MemoryBytes = 128 * Megabyte });
        Assert.Equal("[]\nNo space left on device\nNo space left on device", code.Output);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Code_sees_and_changes_nothing_outside(bool cgroups)
    {
        await using var code = new SandboxCase();
        await code.RunAsync(
            """
            import os, subprocess
            def attempt(what, act):
                try:
                    print(what, "WORKED", act())
                except Exception as error:
                    print(what, type(error).__name__)
            attempt("shadow", lambda: open("/etc/shadow").read())
            attempt("root", lambda: os.listdir("/root"))
            attempt("attempt", lambda: os.listdir(os.environ["OUTSIDE"]))
            attempt("write usr", lambda: open("/usr/x", "w"))
            attempt("write code", lambda: open("/odl/code/x", "w"))
            attempt("write data", lambda: open("/odl/data/x", "w"))
            attempt("write root", lambda: open("/x", "w"))
            attempt("write dev", lambda: open("/dev/x", "w"))
            attempt("setting", lambda: open("/proc/sys/kernel/hostname", "w").write("x"))
            attempt("kill", lambda: os.kill(int(os.environ.get("VICTIM", "999999")), 9))
            attempt("setuid", lambda: os.setuid(0))
            attempt("mount", lambda: subprocess.run(["mount", "-t", "tmpfs", "x", "/tmp"], check=True, capture_output=True))
            attempt("unshare", lambda: subprocess.run(["unshare", "-Ur", "true"], check=True, capture_output=True))
            attempt("trace", lambda: subprocess.run(["unshare", "-n", "true"], check=True, capture_output=True))
            print("processes", len([p for p in os.listdir("/proc") if p.isdigit()]))
            print(sorted(os.environ["HOME"] + " " + name for name in os.environ if name in ("ODL_DATABASE", "ODL_TOKEN", "PWDX")))
            """,
            cgroups);
        Assert.DoesNotContain("WORKED", code.Output, StringComparison.Ordinal);
        Assert.Equal(14, code.Output.Split('\n').Count(line => line.EndsWith("Error", StringComparison.Ordinal)));
        Assert.Contains("processes 2", code.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Code_has_no_network()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;
        await using var code = new SandboxCase();
        await code.RunAsync(
            $$"""
            import socket
            for address in (("127.0.0.1", {{port}}), ("1.1.1.1", 80)):
                try:
                    socket.create_connection(address, 2); print("WORKED")
                except OSError as error:
                    print("refused")
            print([name for _, name in socket.if_nameindex()])
            """,
            cgroups: false);
        Assert.Equal("refused\nrefused\n['lo']", code.Output);
        Assert.False(listener.Pending());
    }

    [Fact]
    public async Task Code_that_ignores_the_signal_is_killed_after_its_grace()
    {
        await using var code = new SandboxCase();
        await code.StartAsync("import signal\nsignal.signal(signal.SIGTERM, lambda *a: print('heard', flush=True))\nprint('ready', flush=True)\nwhile True: signal.pause()", cgroups: true);
        await code.SpokenAsync();
        await code.StopAsync(TimeSpan.FromMilliseconds(300));
        var (exitCode, broken) = await code.EndAsync();
        Assert.Equal(137, exitCode);
        Assert.Null(broken);
        Assert.Equal("ready\nheard", code.Output);
    }

    [Fact]
    public async Task Code_that_hears_the_signal_leaves_with_its_own_exit_code()
    {
        await using var code = new SandboxCase();
        await code.StartAsync("import signal, sys\nsignal.signal(signal.SIGTERM, lambda *a: sys.exit(75))\nprint('ready', flush=True)\nwhile True: signal.pause()", cgroups: true);
        await code.SpokenAsync();
        await code.StopAsync(TimeSpan.FromSeconds(30));
        Assert.Equal(75, (await code.EndAsync()).ExitCode);
    }

    [Fact]
    public async Task Code_ends_with_whoever_started_its_sandbox()
    {
        await using var code = new SandboxCase();
        await code.StartAsync("import os, signal\nos.fork()\nprint('ready', flush=True)\nsignal.pause()", cgroups: true);
        await code.SpokenAsync();
        var all = ProcessTree.Of(code.Pid).Select(pid => new ProcessMark(pid, ProcessMark.StartTimeOf(pid))).ToList();
        Assert.InRange(all.Count, 3, 5);
        System.Diagnostics.Process.GetProcessById(code.Pid).Kill();
        await code.EndAsync();
        await Eventually.TrueAsync("the end of all its processes", () => Task.FromResult(all.TrueForAll(mark => !mark.IsAlive)));
    }
}
