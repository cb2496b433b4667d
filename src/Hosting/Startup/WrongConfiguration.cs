using Microsoft.Extensions.Options;

namespace Saga.Hosting.Startup;

/// <summary>Startup errors that the user can fix, reported without a stack trace.</summary>
public static class WrongConfiguration
{
    public const int ExitCode = 2;

    /// <summary>A dependency did not answer in time. Starting the program again later may help.</summary>
    public const int UnavailableExitCode = 3;

    /// <summary>Runs a program and reports configuration errors on standard error. Answers <c>--help</c> instead when asked.</summary>
    /// <param name="program">Its name.</param>
    /// <param name="args">Its arguments.</param>
    /// <param name="example">One useful argument, for the help text.</param>
    /// <param name="run">The program.</param>
    /// <returns>The exit code: 0 after an orderly stop, <see cref="ExitCode"/> when the configuration is wrong, <see cref="UnavailableExitCode"/> when a dependency did not answer in time.</returns>
    public static async Task<int> GuardAsync(string program, string[] args, string example, Func<Task> run)
    {
        if (Arguments.AsksForHelp(args))
        {
            await Console.Out.WriteLineAsync(Arguments.Help(program, example));
            return 0;
        }

        try
        {
            await run();
            return 0;
        }
        catch (Exception e) when (Errors(e) is { Count: > 0 } errors)
        {
            foreach (var error in errors)
                await Console.Error.WriteLineAsync($"{program}: {error}");
            return Code(e);
        }
        catch (OperationCanceledException)
        {
            await Console.Error.WriteLineAsync($"{program}: stopped before it had started.");
            return 0;
        }
    }

    /// <summary>The exit code for an error that <see cref="Errors"/> describes.</summary>
    public static int Code(Exception error) => error is TimeoutException ? UnavailableExitCode : ExitCode;

    /// <returns>Messages for the user; none when the error is not of this kind.</returns>
    public static IReadOnlyList<string> Errors(Exception error) => error switch
    {
        WrongArgumentsException e => e.Messages,
        OptionsValidationException e => [.. e.Failures.Select(Words)],
        AggregateException e when e.InnerExceptions.All(i => Errors(i).Count > 0) => [.. e.InnerExceptions.SelectMany(Errors).Distinct(StringComparer.Ordinal)],
        // From the configuration binder: names the key, the value and the type.
        InvalidOperationException e when e.Message.StartsWith("Failed to convert configuration value", StringComparison.Ordinal) => [e.Message],
        InvalidOperationException e when e.Message.StartsWith("Saga:", StringComparison.Ordinal) => [e.Message],
        TimeoutException e when e.Message.StartsWith("Saga:", StringComparison.Ordinal) => [e.Message],
        // From Kestrel: an https address without a certificate.
        InvalidOperationException e when e.Message.StartsWith("Unable to configure HTTPS endpoint", StringComparison.Ordinal) =>
            ["An https address needs a certificate: set Kestrel:Certificates:Default:Path (and :Password or :KeyPath), or listen on http behind a proxy that ends TLS."],
        // From the command-line provider, such as an argument with one dash.
        FormatException e when e.Source == "Microsoft.Extensions.Configuration.CommandLine" => [e.Message],
        // From Kestrel: names the address.
        IOException e when e.Message.Contains("address already in use", StringComparison.OrdinalIgnoreCase) => [$"{e.Message} Choose another with --urls, or stop the program that listens there."],
        InvalidDataException e when e.Message.StartsWith("Failed to load configuration", StringComparison.Ordinal) => [e.InnerException is { } inner ? $"{e.Message} {inner.Message}" : e.Message],
        _ => [],
    };

    // Data annotations wrap our message, which names the key, in one that names the class.
    private static string Words(string failure)
    {
        const string before = " with the error: '";
        const string after = "'.";
        var begin = failure.IndexOf(before, StringComparison.Ordinal);
        return failure.StartsWith("DataAnnotation validation failed", StringComparison.Ordinal) && begin > 0 && failure.EndsWith(after, StringComparison.Ordinal)
            ? failure[(begin + before.Length)..^after.Length]
            : failure;
    }
}
