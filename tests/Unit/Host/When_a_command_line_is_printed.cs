using Saga.Host.Demo;
using Shouldly;
using Xunit;

namespace Saga.Tests.Unit.Host;

public sealed class When_a_command_line_is_printed
{
    [Theory]
    [InlineData("client_secret@/srv/saga/data/saga-admin.secret", "client_secret@/srv/saga/data/saga-admin.secret")]
    [InlineData("/home/ada/my data/secret", "'/home/ada/my data/secret'")]
    [InlineData("/srv/$(rm)/`x`", "'/srv/$(rm)/`x`'")]
    [InlineData("/srv/Ada's", @"'/srv/Ada'\''s'")]
    public void Should_be_one_word_for_the_shell(string text, string word) => ShellText.Quote(text).ShouldBe(word);
}
