using Saga.Tests.Support;
using Saga.Workers.Notification;
using Shouldly;
using Xunit;

namespace Saga.Tests.Integration.Notification;

/// <summary>The contract of every adapter of <see cref="IMailer"/>.</summary>
public abstract class When_mail_is_sent : IAsyncLifetime
{
    private WorkerHost host = null!;

    public ValueTask InitializeAsync()
    {
        host = Start();
        return ValueTask.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        await host.DisposeAsync();
        await StopAsync();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task Should_arrive_as_text_and_html()
    {
        await SendAsync(Mail() with { Subject = "Bücher & <b>mehr</b> 😀", Text = "Grüße\n.\nnach dem Punkt", Html = "<p>Grüße</p>" });

        var mail = (await ReceivedAsync()).ShouldHaveSingleItem();
        mail.Headers("Subject").ShouldHaveSingleItem().ShouldBe("Bücher & <b>mehr</b> 😀");
        mail.Headers("Message-ID").ShouldHaveSingleItem().ShouldBe("<notify.1@saga.invalid>");
        mail.Headers("To").ShouldHaveSingleItem().ShouldBe("admin@acme.example");
        mail.Headers("From").ShouldHaveSingleItem().ShouldContain("no-reply@saga.example");
        mail.Parts[0].ReplaceLineEndings("\n").ShouldContain("Grüße\n.\nnach dem Punkt");
        mail.Parts[1].ShouldContain("<p>Grüße</p>");
    }

    [Fact]
    public async Task Should_carry_the_same_id_when_it_is_sent_again()
    {
        await SendAsync(Mail());
        await SendAsync(Mail());

        (await ReceivedAsync()).SelectMany(m => m.Headers("Message-ID")).Distinct(StringComparer.Ordinal).ShouldHaveSingleItem();
    }

    [Theory]
    [InlineData("admin@acme.example\r\nBcc: victim@x.example")]
    [InlineData("admin@acme.example, victim@x.example")]
    [InlineData("Admin <admin@acme.example>")]
    [InlineData("admin@acme.example\nX: y")]
    [InlineData("no address")]
    [InlineData("")]
    public async Task Should_refuse_a_recipient_that_is_more_or_less_than_an_address(string to)
    {
        var error = await Should.ThrowAsync<MailException>(() => SendAsync(Mail() with { To = to }));

        error.IsTransient.ShouldBeFalse();
        (await ReceivedAsync()).ShouldBeEmpty();
    }

    [Theory]
    [InlineData("Hello\r\nBcc: victim@x.example", "id@x")]
    [InlineData("Hello\nX-Own: header", "id@x")]
    [InlineData("Hello", "id@x>\r\nBcc: victim@x.example")]
    [InlineData("Hello", "id> <other@x")]
    public async Task Should_refuse_what_would_become_a_header(string subject, string id)
    {
        var error = await Should.ThrowAsync<MailException>(() => SendAsync(Mail() with { Subject = subject, MessageId = id }));

        error.Code.ShouldBe("mail-header-invalid");
        (await ReceivedAsync()).ShouldBeEmpty();
    }

    [Fact]
    public async Task Should_stop_when_told()
    {
        using var stopped = new CancellationTokenSource();
        await stopped.CancelAsync();

        await Should.ThrowAsync<OperationCanceledException>(() => host.Get<IMailer>().SendAsync(Mail(), stopped.Token));
        (await ReceivedAsync()).ShouldBeEmpty();
    }

    internal static Mail Mail() => new()
    {
        MessageId = "notify.1@saga.invalid", To = "admin@acme.example", Subject = "Hello", Text = "text", Html = "<p>html</p>",
    };

    protected abstract WorkerHost Start();

    protected abstract ValueTask StopAsync();

    protected abstract Task<IReadOnlyList<SunkMail>> ReceivedAsync();

    private protected Task SendAsync(Mail mail) => host.Get<IMailer>().SendAsync(mail, CancellationToken.None);
}

public sealed class When_mail_is_sent_by_smtp : When_mail_is_sent
{
    private readonly MailSink sink = new();

    protected override WorkerHost Start() => MailHost.Smtp(sink.Port);

    protected override ValueTask StopAsync() => sink.DisposeAsync();

    protected override Task<IReadOnlyList<SunkMail>> ReceivedAsync() => Task.FromResult(sink.Mails);
}

public sealed class When_mail_is_sent_to_a_folder : When_mail_is_sent
{
    private readonly string folder = Path.Combine(Directory.CreateTempSubdirectory("saga-mail-test-").FullName, "made");

    protected override WorkerHost Start() => MailHost.Folder(folder);

    protected override ValueTask StopAsync()
    {
        Directory.Delete(Path.GetDirectoryName(folder)!, recursive: true);
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task Should_write_the_mail_as_a_readable_file()
    {
        await SendAsync(Mail() with { Subject = "Bücher 😀", Text = "Grüße aus Köln", Html = "<p>Grüße</p>" });

        var source = await File.ReadAllTextAsync(Directory.GetFiles(folder).ShouldHaveSingleItem());
        source.ShouldSatisfyAllConditions(
            () => source.ShouldContain("Subject: Bücher 😀"), () => source.ShouldContain("Grüße aus Köln"), () => source.ShouldContain("<p>Grüße</p>"));
    }

    protected override async Task<IReadOnlyList<SunkMail>> ReceivedAsync()
    {
        if (!Directory.Exists(folder))
            return [];
        Directory.GetFiles(folder).ShouldAllBe(f => f.EndsWith(".eml", StringComparison.Ordinal));
        return await Task.WhenAll(Directory.GetFiles(folder, "*.eml").Select(async f => new SunkMail([], await File.ReadAllTextAsync(f))));
    }
}
