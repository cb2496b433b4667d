using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Saga.Host.Processes;

/// <summary>Signals to processes (positive ids) and to groups (negative ids).</summary>
internal static class Signals
{
    public const int Interrupt = 2;
    public const int Quit = 3;
    public const int Kill = 9;
    public const int Terminate = 15;

    /// <returns>Whether the process or group exists and may be signalled.</returns>
    public static bool Send(int id, int signal) => Native(id, signal) == 0;

    public static bool Exists(int id) => Send(id, 0);

    /// <summary>Sends each signal in turn, waiting the given time for the end after each.</summary>
    public static async Task EndAsync(Process process, params (int Signal, TimeSpan Patience)[] signals)
    {
        foreach (var (signal, patience) in signals)
        {
            if (process.HasExited)
                return;
            _ = Send(process.Id, signal);
            try
            {
                await process.WaitForExitAsync().WaitAsync(patience);
            }
            catch (TimeoutException)
            {
                // The next signal is stronger.
            }
        }
    }

    [DllImport("libc", EntryPoint = "kill")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Native(int id, int signal);
}
