using System.Runtime.InteropServices;

namespace Saga.Tests.Support;

/// <summary>Signals to processes (positive ids) and to process groups (negative ids).</summary>
public static class UnixSignals
{
    public const int Kill = 9;
    public const int Terminate = 15;
    public const int Continue = 18;
    public const int Stop = 19;

    /// <returns>Whether the process or group exists and may be signalled.</returns>
    public static bool Send(int id, int signal) => Native(id, signal) == 0;

    [DllImport("libc", EntryPoint = "kill")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Native(int id, int signal);
}
