using System.Diagnostics;
using System.Net;
using Saga.Tests.Support;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Host;

/// <summary>The data folder is on a small file system of its own. Mounting one needs root.</summary>
[Collection(OneHostAtATime.Name)]
public sealed class When_the_disk_is_full : IDisposable
{
    private readonly string mount = HostProcess.NewFolder();
    private readonly bool mounted;

    public When_the_disk_is_full() => mounted = Run("mount", "-t", "tmpfs", "-o", "size=400m,mode=755", "tmpfs", mount);

    [Fact]
    public async Task Should_go_on_without_a_restart_when_there_is_space_again()
    {
        Assert.SkipUnless(mounted, "Skipped: a small file system cannot be mounted here (that needs root, and a container that may mount).");
        await using var host = HostProcess.Start(Path.Combine(mount, "data"), "--Saga:Demo:Enabled=false");
        using var api = await HostApi.SignInAsync(host);
        var rest = Path.Combine(mount, "rest");

        Fill(rest);
        // Every command needs a little space in the registry, so one of the next meets the end of it.
        await Until.TrueAsync(() => FailsAsync(api), "a command meets the full disk", TimeSpan.FromMinutes(2));
        File.Delete(rest);

        await Until.TrueAsync(() => BecomesActiveAsync(api), "a tenant is provisioned again", TimeSpan.FromMinutes(3));
        (await host.TerminateAsync()).ShouldBe(0, host.Output);
    }

    public void Dispose()
    {
        if (mounted)
            Run("umount", "-l", mount);
        Directory.Delete(mount, recursive: true);
    }

    private static async Task<bool> FailsAsync(HttpClient api)
    {
        try
        {
            using var answer = await api.PostTenantAsync($"full-{Guid.NewGuid():N}"[..20], "enterprise");
            return answer.StatusCode >= HttpStatusCode.InternalServerError;
        }
        catch (Exception e) when (e is HttpRequestException or TaskCanceledException)
        {
            return true;
        }
    }

    private static async Task<bool> BecomesActiveAsync(HttpClient api)
    {
        try
        {
            using var answer = await api.PostTenantAsync($"after-{Guid.NewGuid():N}"[..20], "basic");
            return answer.StatusCode == HttpStatusCode.Accepted && (await api.GetStringAsync(answer.Headers.Location + "/events")).Contains("event: completed", StringComparison.Ordinal);
        }
        catch (Exception e) when (e is HttpRequestException or TaskCanceledException)
        {
            // PostgreSQL recovers.
            return false;
        }
    }

    private static void Fill(string path)
    {
        using var file = File.Create(path);
        var block = new byte[64 * 1024];
        try
        {
            while (true)
            {
                file.Write(block);
                file.Flush();
            }
        }
        catch (IOException)
        {
            // Full.
        }
    }

    private static bool Run(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true, UseShellExecute = false })!;
        process.WaitForExit();
        return process.ExitCode == 0;
    }
}
