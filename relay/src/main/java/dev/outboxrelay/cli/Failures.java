package dev.outboxrelay.cli;

import java.io.PrintWriter;
import picocli.CommandLine;
import picocli.CommandLine.IExecutionExceptionHandler;
import picocli.CommandLine.IParameterExceptionHandler;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.UnmatchedArgumentException;

/** Says on stderr what failed, why and what to do next; a stack trace only with {@code --debug}. */
final class Failures implements IExecutionExceptionHandler, IParameterExceptionHandler {

    @Override
    public int handleExecutionException(Exception failure, CommandLine command, ParseResult parsed) {
        PrintWriter err = command.getErr();
        err.println(command.getCommandSpec().qualifiedName() + " failed: " + describe(failure));
        if (parsed.expandedArgs().contains(Main.DEBUG)) {
            failure.printStackTrace(err);
        } else {
            err.println("Run it again with " + Main.DEBUG + " to see where.");
        }
        err.flush();
        return ExitCode.FAILED;
    }

    @Override
    public int handleParseException(ParameterException wrong, String[] arguments) {
        CommandLine command = wrong.getCommandLine();
        PrintWriter err = command.getErr();
        String name = command.getCommandSpec().qualifiedName();
        err.println(name + ": " + problem(wrong, command) + ".");
        UnmatchedArgumentException.printSuggestions(wrong, err);
        err.println("See " + name + " --help.");
        err.flush();
        return ExitCode.WRONG_USAGE;
    }

    private static String problem(ParameterException wrong, CommandLine command) {
        boolean unknownCommand = wrong instanceof UnmatchedArgumentException unmatched
                && !unmatched.isUnknownOption()
                && !command.getSubcommands().isEmpty();
        return unknownCommand
                ? "There is no command '"
                        + ((UnmatchedArgumentException) wrong).getUnmatched().get(0) + "'; the commands are "
                        + String.join(", ", command.getSubcommands().keySet())
                : String.valueOf(wrong.getMessage());
    }

    private static String describe(Throwable failure) {
        String message = failure.getMessage();
        String what = message == null || message.isBlank() ? failure.getClass().getSimpleName() : message;
        Throwable cause = failure.getCause();
        return cause == null || cause.getMessage() == null || what.contains(cause.getMessage())
                ? what
                : what + " (" + cause.getMessage() + ")";
    }
}
