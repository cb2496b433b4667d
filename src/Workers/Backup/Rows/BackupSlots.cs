using Microsoft.Extensions.Options;
using Saga.Workers.Runtime;

namespace Saga.Workers.Backup.Rows;

/// <summary>Bounds how many backups this process reads from database servers at once. Thread-safe.</summary>
internal sealed class BackupSlots(IOptions<BackupOptions> options) : IDisposable
{
    private static readonly TimeSpan Again = TimeSpan.FromSeconds(5);
    private readonly SemaphoreSlim free = new(options.Value.AtOnce);

    /// <returns>A slot, which ends when it is disposed.</returns>
    /// <exception cref="StepFailureException">None is free. The step is deferred, which costs no attempt.</exception>
    public IDisposable Take() => free.Wait(0)
        ? new Slot(free)
        : throw StepFailureException.Overload(
            "backup-busy", $"This process already reads {options.Value.AtOnce} backups from database servers.", "backup",
            "Nothing, unless it lasts. Then start more workers, or raise Saga:Backups:AtOnce.", Again);

    public void Dispose() => free.Dispose();

    private sealed class Slot(SemaphoreSlim free) : IDisposable
    {
        private bool ended;

        public void Dispose()
        {
            if (!ended)
                free.Release();
            ended = true;
        }
    }
}
