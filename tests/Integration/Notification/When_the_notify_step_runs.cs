using Dapper;
using Npgsql;
using Saga.Contracts.Steps;
using Saga.Registry.Leases;
using Saga.Tests.Support;
using Saga.Workers.Runtime;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Notification;

public sealed class When_the_notify_step_runs : IAsyncLifetime
{
    private NpgsqlDataSource registry = null!;
    private SeededTenant tenant = null!;

    public async ValueTask InitializeAsync()
    {
        registry = await PostgresServer.NewRegistryAsync();
        tenant = await Seed.TenantAsync(registry, "acme", adminEmail: "admin@acme.example");
    }

    public ValueTask DisposeAsync() => registry.DisposeAsync();

    [Fact]
    public async Task Should_welcome_the_administrator()
    {
        await using var sink = new MailSink();
        await using var host = MailHost.Smtp(sink.Port, registry);

        await RunAsync(host);

        var mail = sink.Mails.ShouldHaveSingleItem();
        mail.Recipients.ShouldBe(["admin@acme.example"]);
        mail.Headers("Message-ID").ShouldBe([$"<{StepNames.Notify}.{tenant.OperationId:n}@saga.invalid>"]);
        mail.Parts[0].ShouldContain("https://app.example/sign-in?a=1&b=2");
        mail.Parts[1].ShouldContain("href=\"https://app.example/sign-in?a=1&amp;b=2\"");
    }

    [Theory]
    [InlineData(true, "a password of your own")]
    [InlineData(false, "your existing password")]
    // An operator skipped the step.
    [InlineData(null, "a password of your own")]
    public async Task Should_say_which_password_is_wanted(bool? madeForTenant, string password)
    {
        if (madeForTenant is { } made)
            await tenant.LeaveAsync(StepNames.Administrator, new AdministratorOutput { UserId = "u-1", MadeForTenant = made, Mailed = false });
        await using var sink = new MailSink();
        await using var host = MailHost.Smtp(sink.Port, registry);

        await RunAsync(host);

        sink.Mails.ShouldHaveSingleItem().Parts.ShouldAllBe(p => p.Contains(password, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Should_send_nothing_when_its_lease_is_over_although_nobody_took_it()
    {
        await using var sink = new MailSink();
        await using var host = MailHost.Smtp(sink.Port, registry);
        var late = await tenant.BeginAsync(StepNames.Notify);
        await tenant.ExpireAsync(StepNames.Notify);

        await Should.ThrowAsync<LeaseLostException>(() => host.Step(StepNames.Notify).ExecuteAsync(late, CancellationToken.None));

        sink.Mails.ShouldBeEmpty();
    }

    [Theory]
    [InlineData("EHLO")]
    [InlineData("MAIL")]
    public async Task Should_send_nothing_when_its_lease_ends_while_the_server_is_slow(string command)
    {
        var context = await tenant.BeginAsync(StepNames.Notify);
        var stands = true;
        await using var sink = new MailSink(line =>
        {
            if (!line.StartsWith(command, StringComparison.Ordinal))
                return null;
            // The check in the registry comes before the sender is named; after it only the process's own clock is left.
            if (command == "EHLO")
                tenant.ExpireAsync(StepNames.Notify).GetAwaiter().GetResult();
            else
                stands = false;
            return null;
        });
        await using var host = MailHost.Smtp(sink.Port, registry);
        using var guard = host.Get<LeasedTransactions>().Guard(context.Lease, () => stands);

        await Should.ThrowAsync<LeaseLostException>(() => host.Step(StepNames.Notify).ExecuteAsync(context, CancellationToken.None));

        sink.Mails.ShouldBeEmpty();
    }

    [Fact]
    public async Task Should_be_recognisable_when_it_is_sent_again()
    {
        await using var sink = new MailSink();
        await using var host = MailHost.Smtp(sink.Port, registry);

        await RunAsync(host);
        await RunAsync(host);

        sink.Mails.Count.ShouldBe(2);
        sink.Mails.SelectMany(m => m.Headers("Message-ID")).Distinct(StringComparer.Ordinal).ShouldHaveSingleItem();
    }

    [Fact]
    public async Task Should_treat_the_organisations_name_as_plain_text()
    {
        await NameAsync("<script>alert('x')</script>\r\nBcc: victim\u2028End");
        await using var sink = new MailSink();
        await using var host = MailHost.Smtp(sink.Port, registry);

        await RunAsync(host);

        var mail = sink.Mails.ShouldHaveSingleItem();
        mail.Recipients.ShouldBe(["admin@acme.example"]);
        mail.Headers("Bcc").ShouldBeEmpty();
        mail.Headers("Subject").ShouldHaveSingleItem().ShouldBe("<script>alert('x')</script>  Bcc: victim End is ready");
        mail.Parts[1].ShouldContain("&lt;script&gt;");
        mail.Parts[1].ShouldNotContain("<script>");
    }

    [Fact]
    public async Task Should_be_transient_when_nobody_answers()
    {
        await using var host = MailHost.Smtp(FreePorts.Next(), registry);

        var failure = await FailAsync(host);

        failure.ShouldSatisfyAllConditions(
            () => failure.Code.ShouldBe("smtp-unavailable"), () => failure.System.ShouldBe("smtp"), () => failure.Transient.ShouldBeTrue());
    }

    [Fact]
    public async Task Should_not_wait_longer_than_it_may()
    {
        await using var sink = new MailSink(line => line.StartsWith("MAIL", StringComparison.Ordinal) ? "" : null);
        await using var host = MailHost.Smtp(sink.Port, registry, timeoutSeconds: 1);

        var failure = await FailAsync(host);

        failure.Code.ShouldBe("smtp-unavailable");
        failure.Transient.ShouldBeTrue();
    }

    [Theory]
    [InlineData("MAIL", "451 later", "smtp-busy", true)]
    [InlineData("RCPT", "450 mailbox busy", "smtp-busy", true)]
    [InlineData("RCPT", "550 no such user", "smtp-recipient-refused", false)]
    [InlineData("MAIL", "550 you may not", "smtp-refused", false)]
    [InlineData(".", "554 spam", "smtp-refused", false)]
    [InlineData(".", "452 disk full", "smtp-busy", true)]
    public async Task Should_distinguish_transient_from_permanent(string command, string reply, string code, bool transient)
    {
        await using var sink = new MailSink(line => line.StartsWith(command, StringComparison.Ordinal) ? reply : null);
        await using var host = MailHost.Smtp(sink.Port, registry);

        var failure = await FailAsync(host);

        failure.ShouldSatisfyAllConditions(() => failure.Code.ShouldBe(code), () => failure.Transient.ShouldBe(transient));
        sink.Mails.ShouldBeEmpty();
    }

    [Fact]
    public async Task Should_not_fall_back_to_the_clear_when_the_server_knows_no_tls()
    {
        await using var sink = new MailSink();
        await using var host = MailHost.Smtp(sink.Port, registry, tls: "starttls");

        var failure = await FailAsync(host);

        failure.ShouldSatisfyAllConditions(() => failure.Code.ShouldBe("smtp-not-offered"), () => failure.Transient.ShouldBeFalse());
        sink.Mails.ShouldBeEmpty();
    }

    [Theory]
    [InlineData("535 5.7.8 wrong", "smtp-refused", false)]
    [InlineData("454 4.7.0 not now", "smtp-busy", true)]
    public async Task Should_distinguish_a_refused_sign_in_from_a_temporary_failure(string reply, string code, bool transient)
    {
        await using var sink = new MailSink(line => line.StartsWith("AUTH", StringComparison.Ordinal) ? reply : null);
        await using var host = MailHost.Smtp(sink.Port, registry, username: "saga");

        var failure = await FailAsync(host);

        failure.ShouldSatisfyAllConditions(() => failure.Code.ShouldBe(code), () => failure.Transient.ShouldBe(transient));
        sink.Mails.ShouldBeEmpty();
    }

    [Fact]
    public async Task Should_count_a_mail_as_sent_when_the_server_goes_without_a_goodbye()
    {
        await using var sink = new MailSink(line => line == "QUIT" ? "421 out of order" : null);
        await using var host = MailHost.Smtp(sink.Port, registry);

        await RunAsync(host);

        sink.Mails.ShouldHaveSingleItem();
    }

    [Fact]
    public async Task Should_send_nothing_without_the_lease()
    {
        await using var sink = new MailSink();
        await using var host = MailHost.Smtp(sink.Port, registry);
        var stale = await tenant.BeginAsync(StepNames.Notify);
        await tenant.BeginAsync(StepNames.Notify);

        await Should.ThrowAsync<LeaseLostException>(() => host.Step(StepNames.Notify).ExecuteAsync(stale, CancellationToken.None));

        sink.Mails.ShouldBeEmpty();
    }

    [Fact]
    public async Task Should_name_the_folder_that_cannot_be_made()
    {
        var file = Path.GetTempFileName();
        await using var host = MailHost.Folder(Path.Combine(file, "below"), registry);

        var failure = await FailAsync(host);

        failure.System.ShouldBe("folder");
        File.Delete(file);
    }

    [Fact]
    public async Task Should_undo_nothing()
    {
        await using var sink = new MailSink();
        await using var host = MailHost.Smtp(sink.Port, registry);

        await host.Step(StepNames.Notify).CompensateAsync(await tenant.BeginAsync(StepNames.Notify), CancellationToken.None);

        sink.Mails.ShouldBeEmpty();
    }

    private async Task RunAsync(WorkerHost host) =>
        await host.Step(StepNames.Notify).ExecuteAsync(await tenant.BeginAsync(StepNames.Notify), CancellationToken.None);

    private async Task<Failure> FailAsync(WorkerHost host) => (await Should.ThrowAsync<StepFailureException>(() => RunAsync(host))).Failure;

    private async Task NameAsync(string name)
    {
        await using var connection = await registry.OpenConnectionAsync();
        await connection.ExecuteAsync("update tenants set name = @name", new { name });
    }
}
