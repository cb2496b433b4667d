using System.Diagnostics;
using System.Globalization;

namespace Saga.Tests.Support;

/// <summary>
/// Ends servers if this process is killed before it can stop them. A shell waits for the end of its input, which comes when this
/// process dies for any reason. It then kills the remaining servers and deletes their folders.
/// </summary>
public static class Watchdog
{
    private const string Script =
        """
        trap '' HUP INT TERM QUIT
        list=
        while IFS= read -r line; do
            case $line in
                +*) list="$list ${line#+}" ;;
                -*) rest=; for one in $list; do case $one in "${line#-}":*) ;; *) rest="$rest $one" ;; esac; done; list=$rest ;;
            esac
        done
        for one in $list; do
            IFS=: read -r pid ticks folder <<EOF
        $one
        EOF
            if [ "$pid" = postgres ]; then
                kill -s QUIT "$(head -n 1 "$folder/data/postmaster.pid" 2>/dev/null)" 2>/dev/null
                continue
            fi
            # The same number and the same start: the same process, not one that got its number later.
            now=$(sed 's/.*) //' "/proc/$pid/stat" 2>/dev/null | cut -d' ' -f20)
            if [ "$now" = "$ticks" ]; then kill -s KILL -- "$pid" "-$pid" 2>/dev/null; fi
        done
        sleep 1
        for one in $list; do
            folder=${one##*:}
            [ -z "$folder" ] || rm -rf "$folder"
        done
        """;

    private static readonly Lazy<Process> Shell = new(Start);

    /// <param name="pid">The leader of a session, or a process that ends its own children.</param>
    /// <param name="folder">The folder to delete afterwards; empty for none.</param>
    public static void Watch(int pid, string folder = "") =>
        Tell(string.Create(CultureInfo.InvariantCulture, $"+{pid}:{StartTicks(pid)}:{folder}"));

    /// <summary>Watches a cluster of <see cref="Host.Embedded.PrivatePostgres"/>, in whichever process it runs by then.</summary>
    public static void WatchPostgres(string folder) => Tell($"+postgres::{folder}");

    /// <summary>Stops watching a server that was stopped in order.</summary>
    public static void Forget(int pid) => Tell(string.Create(CultureInfo.InvariantCulture, $"-{pid}"));

    private static void Tell(string line)
    {
        lock (Shell)
        {
            Shell.Value.StandardInput.WriteLine(line);
            Shell.Value.StandardInput.Flush();
        }
    }

    private static Process Start()
    {
        // In its own session, so that Ctrl-C in the terminal reaches only the tests.
        var start = new ProcessStartInfo("setsid", ["sh", "-c", Script]) { RedirectStandardInput = true, UseShellExecute = false };
        return Process.Start(start) ?? throw new InvalidOperationException("The watchdog did not start.");
    }

    private static string StartTicks(int pid)
    {
        var stat = File.ReadAllText(string.Create(CultureInfo.InvariantCulture, $"/proc/{pid}/stat"));
        return stat[(stat.LastIndexOf(')') + 2)..].Split(' ')[19];
    }
}
